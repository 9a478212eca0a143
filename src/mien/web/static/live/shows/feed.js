// @ts-check
// The pictures of the page's own stream on their way to the engine: one at a time, so that a slow
// one never builds a lag, and no wider than it can read in good time.

import { Pace } from "../../core/pace.js";
import { Grabber } from "./grab.js";
import { CAMERA } from "./pace.js";

export class Feed {
  // Sends what `video` shows, as long as `goes` says so.
  constructor(video, connection, goes) {
    this.connection = connection;
    this.goes = goes;
    this.grabber = new Grabber(video, connection);
    this.pace = new Pace(CAMERA);
    this.begin();
  }

  /**
   * The pictures are of another kind.
   *
   * @param {import("../../core/pace.js").Limits} limits
   */
  suit(limits) {
    if (limits !== this.pace.limits) this.pace = new Pace(limits);
  }

  // Begins another stream: whatever is on its way belongs to an earlier one.
  begin() {
    this.turn = {};
    this.grabber.forget();
    this.busy = false; // with a picture: it is being taken, sent or read
    this.taken = 0; // when the picture was taken that the server has now
  }

  // Sends the next picture, unless one is on its way.
  async send() {
    if (this.busy || !this.goes()) return;
    this.busy = true;
    const { turn } = this;
    const sent = await this.#send(turn);
    if (!sent && turn === this.turn) this.busy = false;
  }

  // The server has answered; returns when the picture of the answer was taken, in milliseconds.
  answered() {
    this.busy = false;
    this.pace.add(performance.now() - this.taken);
    return this.taken;
  }

  async #send(turn) {
    const goes = () => turn === this.turn && this.goes() && this.connection.open;
    await this.grabber.next();
    const taken = goes() && (await this.grabber.take(this.pace.value));
    if (!taken) return false;
    if (!goes()) {
      this.connection.drop(taken.picture);
      return false;
    }
    this.taken = taken.time;
    await this.connection.grab(taken.picture, taken.time);
    return true;
  }
}
