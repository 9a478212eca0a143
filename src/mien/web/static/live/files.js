// @ts-check
// Files that the user opens: a picture or a video, which stays at hand to be shown again.

import { $ } from "../core/dom.js";
import { isPicture } from "../core/pictures.js";
import { fill, tell, words } from "../core/words.js";
import { Drop } from "./drop.js";
import { Film } from "./shows/film.js";
import { Picture } from "./shows/picture.js";

export class Files {
  // Nothing is taken while `busy` says so.
  constructor(live, connection, feed, busy) {
    this.live = live;
    this.file = null; // which was opened last
    // The button that shows it again, or another where it could not be shown.
    const button = () => ($("start-file").hidden ? $("choose-file") : $("start-file"));
    this.film = new Film(live, $("video"), button, feed, $("place"));
    this.picture = new Picture(live, $("picture"), button, connection);
    $("start-file").addEventListener("click", () => this.#open(this.file));
    new Drop(
      { button: $("choose-file"), input: $("file"), sign: $("drop") },
      { open: (file) => this.#open(file), busy },
    );
  }

  // Shows a file: a picture or a video, as its kind says or, where that says nothing, as it turns out.
  async #open(file) {
    const isFilm = file.type ? file.type.startsWith("video/") : !(await isPicture(file));
    this.live.stop();
    this.file = file;
    $("start-file").hidden = true;
    tell($("start-file"), () => fill(words.show, { name: file.name }));
    const show = isFilm ? this.film : this.picture;
    show.file = file;
    if (await this.live.start(show)) $("start-file").hidden = false;
  }
}
