// What the theme leaves undone for a screen reader and for the keyboard.
function mend() {
  for (const head of document.querySelectorAll("thead")) {
    if (!head.textContent.trim()) head.remove(); // a table without a heading
  }
  for (const cell of document.querySelectorAll("thead th:empty")) {
    cell.replaceWith(document.createElement("td"));
  }
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap")) {
    table.tabIndex = table.scrollWidth > table.clientWidth ? 0 : -1; // arrow keys move what is too wide
  }
  for (const nav of document.querySelectorAll(".md-code__nav")) {
    nav.role = "none"; // the button to copy code is no way through the site
  }
}

let waiting = false;
function soon() {
  if (!waiting) requestAnimationFrame(() => { waiting = false; mend(); });
  waiting = true;
}

new MutationObserver(soon).observe(document.body, { childList: true, subtree: true });
addEventListener("resize", soon);
soon();
