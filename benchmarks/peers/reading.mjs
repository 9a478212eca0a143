// What a page does for `benchmarks/peers/browser.py`: one system reads frames in order, all of them decoded
// before. `open_` loads it and reads the first frame; `read` reads them all, and says the labels and the time.

const HUMAN = "/npm/@vladmandic/human/";
const FACE_API = "/npm/@vladmandic/face-api/";
const TFJS_WASM = "/npm/@tensorflow/tfjs-backend-wasm/dist/";
const NOT_SURE = "not sure";

const off = { enabled: false };

async function openMien() {
  const worker = new Worker("/static/engine/worker.js", { type: "module" });
  let hear = (_message) => {};
  const next = (type) =>
    new Promise((resolve, reject) => {
      hear = (message) => {
        if (message.type === type) resolve(message);
        else if (message.type === "broken" || message.type === "error") {
          reject(new Error(message.reason ?? message.message));
        }
      };
    });
  worker.addEventListener("message", ({ data }) => hear(data));
  worker.addEventListener("error", () => hear({ type: "broken", reason: "the worker did not start" }));
  await next("hello");
  const read = async (frame, time) => {
    const answer = next("analysis");
    // As the page takes it from a video.
    const picture = new VideoFrame(frame, { timestamp: Math.round(time * 1e6) });
    const shown = { picture, width: frame.width, height: frame.height };
    worker.postMessage({ type: "grab", time, shown }, [picture]);
    const { faces } = await answer;
    return faces.map(({ box: [x1, y1, x2, y2], label }) => [(x2 - x1) * (y2 - y1), label ?? NOT_SURE]);
  };
  const anew = async () => {
    const stopped = next("stopped");
    worker.postMessage({ type: "stop" });
    await stopped;
  };
  return { read, anew };
}

async function openHuman(cacheSensitivity) {
  const { Human } = await import(`${HUMAN}dist/human.esm.js`);
  const human = new Human({
    ...{ backend: "wasm", wasmPath: TFJS_WASM, modelBasePath: `${HUMAN}models/` },
    ...{ cacheModels: false, validateModels: false, warmup: "none", filter: off },
    ...{ body: off, hand: off, object: off, gesture: off, segmentation: off },
    // Faces and their expressions alone.
    face: { mesh: off, iris: off, description: off, antispoof: off, liveness: off, attention: off },
    ...(cacheSensitivity === undefined ? {} : { cacheSensitivity }),
  });
  await human.load();
  const read = async (frame) => {
    const { face } = await human.detect(frame);
    return face.map(({ box: [, , width, height], emotion }) => {
      const [best] = [...(emotion ?? [])].sort((a, b) => b.score - a.score);
      return [width * height, best?.emotion ?? NOT_SURE];
    });
  };
  return { read, anew: async () => {} };
}

async function openFaceApi() {
  const faceapi = await import(`${FACE_API}dist/face-api.esm.js`);
  faceapi.tf.setWasmPaths(TFJS_WASM);
  if (!(await faceapi.tf.setBackend("wasm"))) throw new Error("no backend for WebAssembly");
  await faceapi.tf.ready();
  for (const net of ["tinyFaceDetector", "faceExpressionNet"]) {
    await faceapi.nets[net].loadFromUri(`${FACE_API}model/`);
  }
  const options = new faceapi.TinyFaceDetectorOptions();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const read = async (frame) => {
    [canvas.width, canvas.height] = [frame.width, frame.height];
    context.drawImage(frame, 0, 0);
    const found = await faceapi.detectAllFaces(canvas, options).withFaceExpressions();
    return found.map(({ detection: { box }, expressions }) => {
      const [[name]] = Object.entries(expressions).sort(([, a], [, b]) => b - a);
      return [box.width * box.height, name];
    });
  };
  return { read, anew: async () => {} };
}

const SYSTEMS = {
  mien: openMien,
  human: () => openHuman(0),
  "human-cached": () => openHuman(),
  "face-api": openFaceApi,
};

let system;
const frames = [];
const times = [];

window.take = async (every) => {
  const all = await (await fetch("/frames/times.json")).json();
  for (let i = 0; i < all.length; i += every) {
    frames.push(await createImageBitmap(await (await fetch(`/frames/${i}.jpg`)).blob()));
    times.push(all[i]);
  }
};

window.open_ = async (name) => {
  system = await SYSTEMS[name]();
  await system.read(frames[0], times[0]);
};

window.warm = async (count) => {
  for (let i = 0; i < count; i += 1) await system.read(frames[i % frames.length], times[0] + i / 30);
  await system.anew();
};

window.read = async () => {
  const labels = [];
  const begun = performance.now();
  for (const [i, frame] of frames.entries()) {
    const found = await system.read(frame, times[i]);
    const [largest] = found.sort(([a], [b]) => b - a);
    labels.push(largest?.[1] ?? null);
  }
  return { seconds: (performance.now() - begun) / 1000, labels };
};
