// @ts-check
// Files that the user opens: chosen in a dialog, dropped on the page, or pasted.

export class Drop {
  // Calls `open` with a file; `sign` is shown while one is held over the page, and nothing is taken
  // while `busy` says so.
  constructor({ button, input, sign }, { open, busy }) {
    this.sign = sign;
    this.open = open;
    this.busy = busy;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.#take(input.files);
      input.value = ""; // the same file may be chosen again
    });
    addEventListener("dragover", (event) => this.#over(event));
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) sign.hidden = true; // the window was left, not one of its parts
    });
    addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      sign.hidden = true;
      this.#take(event.dataTransfer?.files);
    });
    addEventListener("paste", (event) => this.#take(event.clipboardData?.files));
  }

  #over(event) {
    if (!holdsFiles(event)) return;
    // Without this the browser would leave the page and show the file itself.
    event.preventDefault();
    this.sign.hidden = this.busy();
    event.dataTransfer.dropEffect = this.busy() ? "none" : "copy";
  }

  #take(files) {
    if (files?.length && !this.busy()) this.open(files[0]);
  }
}

function holdsFiles({ dataTransfer }) {
  return dataTransfer?.types.includes("Files");
}
