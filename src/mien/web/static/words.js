// Every word that the page says, in one place, so that another language is one more such file.

// Labels come from the model and may be nouns, because people train on folders of their own.
const ADJECTIVES = {
  anger: "angry",
  contempt: "contemptuous",
  disgust: "disgusted",
  fear: "afraid",
  happiness: "happy",
  sadness: "sad",
  surprise: "surprised",
};

const QUALITY = {
  "too small": "too small",
  "blurred": "blurred",
  "dark": "too dark",
  "turned away": "turned away",
};

export const words = {
  connecting: "Connecting…",
  connected: "Ready",
  lost: "Not connected",
  serverLost: "mien has stopped, or cannot be reached. Start it again with “mien live”; this page tries again by itself.",
  serverBack: "mien is back.",
  starting: "Starting…",
  noFace: "No face in view",
  notSure: "not sure",
  ownCamera: "Your camera",
  showing: (name) => `Showing ${name}`,
  ended: (name) => `This was all of ${name}.`,
  show: (name) => `Show ${name}`,
  version: (version) => `mien ${version}`,
  person: (number) => `Person ${number}`,
  look: (label) => (label === null ? words.notSure : `looks ${ADJECTIVES[label] ?? label}`),
  reasons: (issues) => issues.map((issue) => QUALITY[issue] ?? issue).join(", "),
  sentence: (number, look) => `${words.person(number)}: ${look}.`,
  camera: {
    refused: "The camera was refused. Allow it for this page in the browser (the camera sign beside the address), then press “Start camera”.",
    missing: "No camera was found. Plug one in, then press “Start camera”, or look at the sample.",
    busy: "The camera is in use by another program. Close that one, then press “Start camera”.",
    unplugged: "The camera has gone: it was unplugged or taken by another program. Plug it in, then press “Start camera”.",
    insecure: "This browser gives a camera only to pages at 127.0.0.1 or localhost. Open mien by one of these.",
    failed: (reason) => `The camera could not start (${reason}). Try again, or another browser.`,
  },
  stats: { fps: "frames per second", latency: "grab to overlay, ms", server: "analysis, ms" },
};
