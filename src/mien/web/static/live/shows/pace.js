// @ts-check
// How wide the pictures are that the page sends: as wide as can be read while they are still news. The time
// is that from taking a picture to its result.

import { PLACE } from "../../core/engines.js";

/** @typedef {import("../../core/pace.js").Limits} Limits */

// The browser's own engine gets in time by another way (engine/detectors/search.js): where the width changes,
// faces are where nobody expects them, and are missed for a moment.
const WIDTHS = PLACE === "browser" ? [640] : [640, 512, 416, 320];

/** @type {Limits} */
export const CAMERA = { steps: WIDTHS, slow: 45, fast: 35 };
// In a window that shows many people a face is small; and a call is read, not mirrored.
/** @type {Limits} */
export const WINDOW = { steps: [1920, 1600, 1280, 960, 640], slow: 250, fast: 180 };
