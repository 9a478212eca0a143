// @ts-check
// Who reads the faces: the server over the WebSocket, or this browser itself. index.html says which.

import { Connection } from "./connection.js";
import { LocalEngine } from "./local.js";

/** @typedef {"machine" | "network" | "browser"} Place where pictures are read */

const named = document.querySelector("meta[name=engine]")?.getAttribute("content");

// Only a page on another device comes by https: it must not say that all stays on one machine.
/** @type {Place} */
export const PLACE = named === "browser" ? "browser" : location.protocol === "https:" ? "network" : "machine";

/** @param {import("./talk.js").Handlers} on */
export function makeEngine(on) {
  return PLACE === "browser" ? new LocalEngine(on) : new Connection(on);
}
