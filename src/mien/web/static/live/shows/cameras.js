// @ts-check
// Which of several cameras: a list to choose from, where there is more than one.

import { fill, tell, words } from "../../core/words.js";

// How phones name theirs; a laptop's are named by their makers.
const FACING = /\bfacing (front|back)\b|^(front|back) camera$/i;
const USB_NUMBERS = /\s*\([0-9a-f]{4}:[0-9a-f]{4}\)$/i;

export class CameraChoice {
  // `place` holds the list and its label; `onChoose` is called with a camera's id.
  constructor(place, select, onChoose) {
    this.place = place;
    this.select = select;
    this.id = null; // of the camera that is on; null where none is in use
    this.listed = "";
    select.addEventListener("change", () => onChoose(select.value));
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#renew());
  }

  // Offers the cameras, of which this one is on.
  show(id) {
    this.id = id;
    return this.#renew();
  }

  hide() {
    this.id = null;
    this.place.hidden = true;
  }

  // While another one is being opened, or could not be.
  mark(id) {
    this.id = this.select.value = id;
  }

  async #renew() {
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter(
      ({ kind }) => kind === "videoinput",
    );
    if (this.id === null) return;
    // Only where something has changed: a list that is open would be shut.
    const listed = JSON.stringify(devices);
    if (listed !== this.listed) {
      this.listed = listed;
      this.select.replaceChildren(
        ...devices.map(({ deviceId }, i) => {
          const option = document.createElement("option");
          option.value = deviceId;
          tell(option, () => cameraNames(devices)[i]);
          return option;
        }),
      );
    }
    this.select.value = this.id;
    this.place.hidden = devices.length < 2;
  }
}

// Returns one name per camera, and no two alike.
export function cameraNames(devices) {
  const names = devices.map(nameOf);
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before ? `${name} ${before + 1}` : name;
  });
}

function nameOf(device, index) {
  const [, ...found] = device.label.match(FACING) ?? [];
  const facing = found.find(Boolean)?.toLowerCase();
  if (facing) return words.camera[facing];
  if (device.label) return device.label.replace(USB_NUMBERS, "");
  // Without a name there may still be the side.
  const [side] = device.getCapabilities?.().facingMode ?? [];
  if (side === "user") return words.camera.front;
  return side === "environment" ? words.camera.back : fill(words.camera.numbered, { number: index + 1 });
}
