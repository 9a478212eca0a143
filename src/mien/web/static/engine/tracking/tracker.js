// @ts-check
// The twin of mien/tracking/tracker.py: which face of this frame is which person of the last ones.
//
// By where faces are expected, and by their appearance descriptors where these are known: they tell who
// is who after people have crossed, and who is back after a moment out of sight. By portraits, who is
// back after minutes, and that a face at its place is still who was there. Everything is in seconds of
// stream time, so a slow machine and a fast one track a face alike.

import { similarity } from "./appearance.js";
import { highest, Sitting, takeOut } from "./sitting.js";
import { ALIKE, affinity, similarities, Track, UNCONFIRMED } from "./track.js";
import { Views } from "./views.js";

/**
 * @typedef {import("../types.js").Box} Box
 *
 * @typedef {import("../types.js").Face} Face
 *
 * @typedef {import("./track.js").Descriptor} Descriptor
 *
 * @typedef {import("./views.js").Portrait} Portrait
 */

// A face that is less alike from one sight to the next has to prove by its portrait who it is. Compared
// in single precision, as similarities are.
const SUDDEN = Math.fround(0.9);
// A portrait is kept each so many seconds, because looks and turns of the head change.
const PORTRAIT_SECONDS = 0.5;
// Who is away for longer is forgotten: half an hour is a pause, more is another sitting.
export const REMEMBER = 1800;
// Who comes in from the edge while someone is missing gets so many seconds to be seen whole: a part of a
// face looks like nobody. So does who may or may not be one who is away.
const ENTRY_SECONDS = 0.5;
// Stamps are rounded: frames stand for longer than the time to be believed only by more than this.
const LONGER = 1.01;

/**
 * Gives each face a number that stays while the face is tracked.
 *
 * A track and a face fit by the overlap of their boxes plus the nearness of their centres, after the
 * track has been moved on at its velocity, plus the similarity of their descriptors; the best pair is
 * joined first.
 */
export class Tracker {
  /** @type {Track[]} */
  #tracks = [];
  #lastNumber = 0;
  /** @type {number | null} */
  #time = null;
  #passed = 0;
  #anew = false; // whether the next frame is of another scene
  #maxGap;
  #confirm;
  #sitting;

  /**
   * Starts without tracks.
   *
   * @param {object} [settings]
   * @param {number} [settings.maxGap] seconds of stream time for which a face that is missing keeps its
   *   number
   * @param {number} [settings.confirm] seconds for which a face that turns up in a running stream must be
   *   seen in every frame before it gets a number; the faces of a first frame get theirs at once, and so
   *   do all where frames are further apart
   * @param {number} [settings.remember] seconds for which portraits of someone who is away are kept, so
   *   that who is back gets the old number
   */
  constructor({ maxGap = 2, confirm = 0, remember = REMEMBER } = {}) {
    this.#maxGap = maxGap;
    this.#confirm = confirm;
    this.#sitting = new Sitting(remember);
  }

  /** The numbers that may still come back: faces in view, and those missing for a moment. */
  get ids() {
    return numbersOf(this.#tracks);
  }

  /** Where those who are tracked were last, also those who are missing. */
  get places() {
    return this.#tracks.map(({ box }) => box);
  }

  /**
   * Ends the tracks of whom a cut took away, before the frame after it is tracked. Who is there then is
   * known again by a portrait only; after a cut of the whole frame they are believed at once.
   *
   * @param {import("./cuts.js").Cut} cut what was found of `places`
   */
  end({ whole, faces }) {
    this.#tracks = this.#tracks.filter((_, n) => !faces[n]);
    this.#anew = whole;
  }

  /**
   * Where faces should be at a time: those of the last frame, and missing ones.
   *
   * @param {number} timestamp
   * @returns {{ seen: Box[], missing: Box[] }}
   */
  expected(timestamp) {
    const later = this.#time === null ? 0 : Math.max(0, timestamp - this.#time);
    const places = (tracks) => tracks.map((track) => track.expected(later));
    return {
      seen: places(this.#tracks.filter((track) => track.unseen === 0)),
      missing: places(this.#tracks.filter((track) => track.unseen > 0)),
    };
  }

  /** Forgets everything and counts from 1 again, for a new source. */
  reset() {
    this.#tracks = [];
    this.#lastNumber = 0;
    this.#time = null;
    this.#passed = 0;
    this.#anew = false;
    this.#sitting.reset();
  }

  /**
   * Tracks the faces into a new frame.
   *
   * @param {Face[]} faces of the frame
   * @param {number} timestamp seconds of stream time; where it stands still or jumps back, as when a
   *   stream starts over, no time is counted as passed
   * @param {object} [told]
   * @param {Descriptor[] | null} [told.descriptors] their appearance; null where only boxes count
   * @param {[number, number] | null} [told.size] of the frame in pixels; null where its edges do not count
   * @param {number} [told.stands] for how many seconds each frame stands, where there are few: a face that
   *   is in one of them has been there for as long
   * @param {((face: Face) => Portrait | null) | null} [told.portray] gives the portrait of a face of the
   *   frame, null where it shows too little; asked for some faces only. Null where nobody is to be known
   *   after `maxGap`
   * @returns {number[]} one number per face, from 1, in the order of `faces`; none twice. `UNCONFIRMED`
   *   for a face that is too new
   */
  update(faces, timestamp, { descriptors = null, size = null, stands = 0, portray = null } = {}) {
    const unknown = this.#passTime(timestamp);
    const few = stands > LONGER * this.#confirm;
    const again = few && stands <= LONGER * ENTRY_SECONDS;
    const views = new Views(faces, size, portray);
    const boxes = faces.map(({ box }) => box);
    const found = this.#match(boxes, descriptors, views);
    const tracks = boxes.map((box, index) => found.get(index) ?? this.#start(box));
    tracks.forEach((track, index) => {
      track.see(boxes[index], descriptors?.[index] ?? null);
    });
    const isNew = (track, index) =>
      track.number === UNCONFIRMED &&
      (unknown ||
        (few && !(again && this.#mayBeBack(track, index, tracks, views))) ||
        this.#isBelieved(track, index, tracks, views));
    const fresh = [...tracks.keys()].filter((index) => isNew(tracks[index], index));
    this.#recognise(fresh, tracks, views);
    for (const index of fresh) {
      const track = tracks[index];
      if (track.number !== UNCONFIRMED) continue;
      track.number =
        this.#returned(track.box, descriptors?.[index] ?? null, index, views) || ++this.#lastNumber;
      this.#doubt(track, index, views);
    }
    this.#remember(tracks, views);
    return tracks.map(({ number }) => number);
  }

  /**
   * @param {Track} track
   * @param {number} index
   * @param {Track[]} tracks
   * @param {Views} views
   */
  #isBelieved(track, index, tracks, views) {
    if (track.age < this.#confirm || track.age >= ENTRY_SECONDS) return track.age >= this.#confirm;
    if (views.isCut(index) && this.#missing().length) return false;
    if (views.portrait(index) === null) {
      return !(this.#sitting.isAway(numbersOf(tracks)) && views.mayClear(index));
    }
    return !this.#mayBeBack(track, index, tracks, views);
  }

  // Whether a second look may tell that a new face is of one who is away.
  #mayBeBack(track, index, tracks, views) {
    const portrait = track.age < ENTRY_SECONDS ? views.portrait(index) : null;
    return portrait !== null && this.#sitting.mayBeBack(portrait, numbersOf(tracks));
  }

  /**
   * Gives those who are back the number that they had in this sitting.
   *
   * @param {number[]} fresh indices of the new ones
   * @param {Track[]} tracks
   * @param {Views} views
   */
  #recognise(fresh, tracks, views) {
    /** @type {Map<number, Portrait>} */
    const portraits = new Map();
    for (const index of fresh) {
      const portrait = views.portrait(index);
      if (portrait !== null) portraits.set(index, portrait);
    }
    const known = this.#sitting.recognise(portraits, numbersOf(tracks));
    const former = new Set(known.values());
    this.#tracks = this.#tracks.filter(({ number }) => !former.has(number));
    for (const [index, number] of known) tracks[index].number = number;
  }

  /**
   * Portrays who is there: newcomers at once, of the others one in a frame at most.
   *
   * @param {Track[]} tracks
   * @param {Views} views
   */
  #remember(tracks, views) {
    this.#sitting.meet(numbersOf(tracks), this.#passed);
    const waits = ({ number, doubted, portrayed }) =>
      number !== UNCONFIRMED && doubted === null && this.#passed - portrayed >= PORTRAIT_SECONDS;
    const waiting = [...tracks.entries()].filter(([, track]) => waits(track));
    waiting.sort(([i, a], [j, b]) => (a.portrayed === b.portrayed ? i - j : a.portrayed - b.portrayed));
    for (const [index, track] of waiting) {
      const portrait = views.portrait(index);
      if (portrait === null) continue;
      const since = track.portrayed;
      this.#sitting.keep(track.number, portrait);
      track.portrayed = this.#passed;
      if (since > -Infinity) return;
    }
  }

  #missing() {
    return this.#tracks.filter((track) => track.missed && track.number !== UNCONFIRMED);
  }

  // Lets time pass for all tracks; returns whether nothing is known of the time just before.
  #passTime(timestamp) {
    const before = this.#time;
    this.#time = timestamp;
    const step = before === null ? 0 : Math.max(0, timestamp - before);
    this.#passed += step;
    for (const track of this.#tracks) track.unseen += step;
    this.#tracks = this.#tracks.filter((track) => this.#mayReturn(track));
    for (const track of this.#tracks) {
      track.missedBefore = track.missed;
      track.missed = true;
    }
    const anew = this.#anew;
    this.#anew = false;
    return anew || before === null || step > this.#maxGap;
  }

  /** @param {Track} track */
  #mayReturn(track) {
    // A face of the very last frame is kept however long ago that was: where frames are seconds apart,
    // it has not been missing in any of them.
    if (!track.missed) return true;
    return track.number !== UNCONFIRMED && track.unseen <= this.#maxGap;
  }

  /**
   * Joins faces and tracks, best pair first; faces without a track are left out.
   *
   * @param {Box[]} boxes
   * @param {Descriptor[] | null} descriptors
   * @param {Views} views
   */
  #match(boxes, descriptors, views) {
    const scores = affinity(this.#tracks, boxes, descriptors);
    /** @type {Map<number, Track>} */
    const found = new Map();
    for (let best = highest(scores); best; best = highest(scores)) {
      const [row, column] = best;
      const track = this.#tracks[row];
      const asked = this.#mustProve(track, descriptors?.[column] ?? null);
      if (asked && this.#isAnother(track, column, views)) {
        scores[row][column] = 0;
        continue;
      }
      if (asked) this.#doubt(track, column, views);
      found.set(column, track);
      takeOut(scores, row, column);
    }
    return found;
  }

  /**
   * Whether a face where someone known is expected may be somebody else's by its looks.
   *
   * @param {Track} track
   * @param {Descriptor | null} descriptor
   */
  #mustProve(track, descriptor) {
    if (track.latest === null || descriptor === null || !this.#sitting.isKnown(track.number)) return false;
    return track.doubted !== null || similarity(track.latest, descriptor) < SUDDEN;
  }

  /**
   * Whether a portrait says that a face where someone is expected is somebody else. Another who comes
   * near is a reason to look changed, but not for long.
   *
   * @param {Track} track
   * @param {number} index
   * @param {Views} views
   */
  #isAnother(track, index, views) {
    const portrait = views.portrait(index);
    if (portrait === null) return false;
    const since = track.doubted ?? this.#passed;
    const beside = views.isBeside(index) && this.#passed - since <= this.#maxGap;
    return this.#sitting.isAnother(track.number, portrait, beside);
  }

  /**
   * Notes whether a portrait says that a face is who it is taken for, where that is known.
   *
   * @param {Track} track
   * @param {number} index
   * @param {Views} views
   */
  #doubt(track, index, views) {
    const portrait = views.portrait(index);
    const unlike = portrait === null || !this.#sitting.isLike(track.number, portrait);
    if (!(unlike && this.#sitting.isKnown(track.number))) track.doubted = null;
    else if (track.doubted === null) track.doubted = this.#passed;
  }

  /**
   * The number of the missing one whom a new face is, 0 for nobody.
   *
   * Who comes back in from the edge is seen in part at first and looks like nobody known; a moment
   * later, when the face is to be believed, the descriptor tells.
   *
   * @param {Box} box
   * @param {Descriptor | null} descriptor
   * @param {number} index
   * @param {Views} views
   */
  #returned(box, descriptor, index, views) {
    const missing = this.#missing().filter((track) => this.#mayBe(track, index, views));
    const own = descriptor && [descriptor];
    const alike = similarities(missing, 1, own);
    const fits = affinity(missing, [box], own).map(([fit], row) => [alike[row][0] >= ALIKE ? fit : 0]);
    const best = highest(fits);
    if (best === null) return UNCONFIRMED;
    const former = missing[best[0]];
    this.#tracks = this.#tracks.filter((track) => track !== former);
    return former.number;
  }

  #mayBe(track, index, views) {
    return !(this.#sitting.isKnown(track.number) && this.#isAnother(track, index, views));
  }

  /** @param {Box} box */
  #start(box) {
    const track = new Track(box);
    this.#tracks.push(track);
    return track;
  }
}

/**
 * @param {Track[]} tracks
 * @returns {Set<number>}
 */
function numbersOf(tracks) {
  const numbers = new Set(tracks.map(({ number }) => number));
  numbers.delete(UNCONFIRMED);
  return numbers;
}
