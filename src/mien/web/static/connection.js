// The one WebSocket to the server: what is said is described in web/protocol.py.
// A lost connection is made anew by itself, after waits that grow.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

export class Connection {
  // `on` has the functions hello, analysis, frame, waiting, ended, error and lost.
  constructor(on) {
    this.on = on;
    this.wait = FIRST_WAIT;
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

  // Sends one picture of the camera, taken at `time` (milliseconds).
  async sendPicture(blob, time) {
    const jpeg = new Uint8Array(await blob.arrayBuffer());
    const message = new Uint8Array(8 + jpeg.length);
    new DataView(message.buffer).setFloat64(0, time / 1000);
    message.set(jpeg, 8);
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
    } else if (message.type === "stopped") {
      this.stopping -= 1;
    } else if (!this.stopping) {
      this.on[message.type](message);
    }
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
