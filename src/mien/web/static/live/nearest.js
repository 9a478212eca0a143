// The one face that the large word is for: the largest in the picture.

const LARGER = 1.25; // as much larger another face must be: two of one size do not take turns
const MISSED_MS = 600; // and a face that is missed for a moment stays the nearest

export class Nearest {
  constructor() {
    this.id = null;
    this.seen = -Infinity;
  }

  // Returns the result with at most the nearest of its faces.
  only(analysis, now = performance.now()) {
    const largest = analysis.faces.reduce((a, b) => (a && area(a) >= area(b) ? a : b), null);
    const last = analysis.faces.find((reading) => reading.track_id === this.id);
    let face = last && area(largest) < LARGER * area(last) ? last : largest;
    if (!last && now - this.seen < MISSED_MS) face = null;
    if (face) [this.id, this.seen] = [face.track_id, now];
    return { ...analysis, faces: face ? [face] : [] };
  }

  reset() {
    this.seen = -Infinity;
  }
}

function area({ box: [x1, y1, x2, y2] }) {
  return (x2 - x1) * (y2 - y1);
}
