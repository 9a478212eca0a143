// @ts-check
// The part of a face that mattered most, marked in its picture.

const CORNER = 0.4; // how round the outline of a part is, in shares of its shorter side
const MARGIN = 0.1; // as far beyond the picture, in shares of it, the mark reaches: its edge is soft too

// Draws the region of a part over the face: everything else is dimmed, with a soft edge, and a light
// line lies over a dark one, so that it shows on every skin and without colours.
export function drawMark(svg, [left, top, side], region) {
  const [margin, whole] = [MARGIN * side, (1 + 2 * MARGIN) * side];
  svg.setAttribute("viewBox", `${left - margin} ${top - margin} ${whole} ${whole}`);
  const outline = region ? rounded(region) : "";
  const [veil, ...lines] = svg.querySelectorAll("path");
  veil.setAttribute(
    "d",
    outline && `M${left - margin} ${top - margin}h${whole}v${whole}h${-whole}Z${outline}`,
  );
  for (const line of lines) line.setAttribute("d", outline);
  svg.querySelector("feGaussianBlur").setAttribute("stdDeviation", side / 60);
}

function rounded(corners) {
  const distance = ([ax, ay], [bx, by]) => Math.hypot(bx - ax, by - ay);
  const radius = CORNER * Math.min(...corners.map((corner, i) => distance(corner, corners.at(i - 1))));
  const toward = (from, to) =>
    from.map((value, i) => value + ((to[i] - value) * radius) / distance(from, to));
  const turn = (corner, i) => {
    const [before, after] = [corners.at(i - 1), corners[(i + 1) % corners.length]];
    return `${i ? "L" : "M"}${toward(corner, before)}Q${corner} ${toward(corner, after)}`;
  };
  return `${corners.map(turn).join("")}Z`;
}
