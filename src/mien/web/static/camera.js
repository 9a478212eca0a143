// The browser's own camera: opening it, and taking pictures of it for the server.

const MAX_WIDTH = 640;
const QUALITY = 0.8;

const KINDS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

export class CameraError extends Error {
  constructor(kind, reason) {
    super(reason);
    this.kind = kind;
  }
}

export class Camera {
  // Shows the camera in `video`; `onGone` is called when it is unplugged.
  constructor(video, onGone) {
    this.video = video;
    this.onGone = onGone;
    this.stream = null;
    this.canvas = document.createElement("canvas");
  }

  async open() {
    if (!navigator.mediaDevices) throw new CameraError("insecure", "no mediaDevices");
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" },
      });
    } catch (error) {
      throw new CameraError(KINDS[error.name] ?? "failed", error.name);
    }
    const [track] = this.stream.getVideoTracks();
    track.addEventListener("ended", () => this.onGone());
    this.mirrored = track.getSettings().facingMode !== "environment";
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
  }

  // Waits until the camera has a new picture.
  nextPicture() {
    return new Promise((resolve) => {
      if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(resolve);
      else requestAnimationFrame(resolve);
    });
  }

  // Returns the present picture as a JPEG, and when it was taken (milliseconds); null when closed.
  async grab() {
    const { videoWidth, videoHeight } = this.video;
    if (!this.stream || !videoWidth) return null;
    const scale = Math.min(1, MAX_WIDTH / videoWidth);
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    const time = performance.now();
    this.canvas.getContext("2d").drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    const blob = await new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", QUALITY));
    return blob && { blob, time };
  }
}
