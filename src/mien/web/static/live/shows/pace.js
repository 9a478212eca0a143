// @ts-check
// How wide the pictures are that the page sends: as wide as can be read while they are still news. The time
// is that from taking a picture to its result.

/** @type {import("../../core/pace.js").Limits} */
export const CAMERA = { steps: [640, 512, 416, 320], slow: 45, fast: 35 };
// In a window that shows many people a face is small; and a call is read, not mirrored.
/** @type {import("../../core/pace.js").Limits} */
export const WINDOW = { steps: [1920, 1600, 1280, 960, 640], slow: 250, fast: 180 };
