// The one WebSocket to the server: what is said is described in web/protocol.py.
// A lost connection is made anew by itself, after waits that grow.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

export class Connection {
  // `on` has the functions hello, analysis, frame, waiting, ended, error and lost.
  constructor(on) {
    this.on = on;
    this.wait = FIRST_WAIT;
    this.asked = 0;
    this.answers = new Map(); // what waits for the answer to a picture by itself, by its number
    this.#connect();
  }

  get open() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  watch(source) {
    this.#send({ type: "watch", source });
  }

  next() {
    this.#send({ type: "next" });
  }

  // Ends the stream. Whatever of it is still on its way is left out.
  stop() {
    if (!this.open) return;
    this.stopping += 1;
    this.#send({ type: "stop" });
  }

  // Sends one picture of the page's own stream, taken at `time` (milliseconds).
  grab(blob, time) {
    return this.#sendPicture({ type: "grab", time: time / 1000 }, blob);
  }

  // Has a picture by itself read: a promise of the answer, null where there will be none.
  // With `parts`, each face says which parts of it the reading rests on.
  read(blob, parts = false) {
    const id = ++this.asked;
    return new Promise((resolve) => {
      if (!this.open) return resolve(null);
      this.answers.set(id, resolve);
      return this.#sendPicture({ type: "picture", id, parts }, blob);
    });
  }

  async #sendPicture(header, blob) {
    const [head, jpeg] = [new TextEncoder().encode(JSON.stringify(header)), await blob.arrayBuffer()];
    const message = new Uint8Array(4 + head.length + jpeg.byteLength);
    new DataView(message.buffer).setUint32(0, head.length);
    message.set(head, 4);
    message.set(new Uint8Array(jpeg), 4 + head.length);
    if (this.open) this.socket.send(message);
  }

  #connect() {
    this.stopping = 0;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", ({ data }) => this.#receive(data));
    this.socket.addEventListener("close", ({ code }) => this.#retry(code));
  }

  #retry(code) {
    this.#forget();
    this.on.lost(code);
    setTimeout(() => this.#connect(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  #receive(data) {
    if (typeof data !== "string") {
      if (!this.stopping) this.on.frame(...splitFrame(data));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "hello") {
      this.wait = FIRST_WAIT;
      this.on.hello(message);
    } else if (message.type === "picture") {
      this.answers.get(message.id)?.(message);
      this.answers.delete(message.id);
    } else if (message.type === "stopped") {
      this.stopping -= 1;
    } else if (!this.stopping) {
      if (message.type === "error") this.#forget();
      this.on[message.type](message);
    }
  }

  // What was asked will not be answered.
  #forget() {
    for (const resolve of this.answers.values()) resolve(null);
    this.answers.clear();
  }

  #send(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
  }
}

function splitFrame(data) {
  const length = new DataView(data).getUint32(0);
  const analysis = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return [analysis, new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" })];
}
