// The browser's own camera.

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
}
