// @ts-check
// A clock for pages out of sight, whose own clocks browsers slow down to a tick a second or a minute: a
// worker's go on.

const PERIOD_MS = 66;

setInterval(() => postMessage(null), PERIOD_MS);
