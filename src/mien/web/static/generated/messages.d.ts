// Written by `make page-types`: see tools/page_types.py.

/** What the page needs to know before anything else. */
export interface Hello {
  type: "hello";
  version: string;
  labels: string[];
  sources: SourceInfo[];
  mode: "camera" | "configured" | "sample";
  model: ModelFacts | null;
  markers: boolean;
  streams: boolean;
  teaches: boolean;
  adapted: boolean;
}

/** A source that the page may watch, and what to call it. */
export interface SourceInfo {
  id: "configured" | "sample";
  name: string;
  told?: Sentence;
}

/** What the page says in its own language; see `mien.errors.Told`. */
export interface Sentence {
  code: string;
  values: Record<string, string | number | Sentence>;
}

/** What the page tells of the model that reads the faces. */
export interface ModelFacts {
  name: string;
  version: string;
  terms: Terms;
  usual: boolean;
}

/** On what terms a model may be used. */
export interface Terms {
  weights: string;
  data: DataTerms[];
}

/** The terms of one source of training data. */
export interface DataTerms {
  source: string;
  terms: string;
}

/** The stream has stopped, as the page asked. */
export interface Stopped {
  type: "stopped";
}

/** The source has broken off and is waited for. */
export interface Waiting {
  type: "waiting";
  message: string;
  told?: Sentence;
}

/** The source has come to its end. */
export interface Ended {
  type: "ended";
}

/** A stream could not start or broke off. */
export interface Failed {
  type: "error";
  message: string;
  told?: Sentence;
}

/** How far learning is. */
export interface Adapting {
  type: "adapting";
  done: number;
  total: number;
}

/** It has been learnt. */
export interface Adapted {
  type: "adapted";
  labels: string[];
  own: ComparedFigures;
  known: ComparedFigures | null;
  left_out: number;
  verdict: "better" | "no better" | "perhaps";
}

/** Two models on the same faces, by the mean of the words; see `Comparison`. */
export interface ComparedFigures {
  faces: number;
  before: number;
  after: number;
  words: WordFigures[];
}

/** How many faces of a word are read rightly; `before` is null where it was no word then. */
export interface WordFigures {
  word: string;
  faces: number;
  before: number | null;
  after: number;
}

/** Nothing was learnt. */
export interface Unadapted {
  type: "unadapted";
  message: string;
  told?: Sentence;
}

/** What is read from one picture of a stream: `Analysis.to_dict()`. */
export interface Analyzed {
  type: "analysis";
  frame: number;
  time: number;
  source: string;
  size: [number, number];
  faces: FaceFacts[];
  timings: Record<string, number>;
}

/** What is read from a face: `Reading.to_dict()`. */
export interface FaceFacts {
  track_id: number;
  box: [number, number, number, number];
  score: number;
  landmarks: ([number, number])[] | null;
  label: string | null;
  reason: "not sure enough" | "something else" | "blurred" | "dark" | "too small" | "turned away" | null;
  confidence: number;
  other: number;
  probabilities: Record<string, number>;
  raw: Record<string, number>;
  quality: QualityFacts;
  usual: UsualFacts | null;
  parts?: PartFacts[];
}

/** How well a face can be seen; see `mien.types.Quality`. */
export interface QualityFacts {
  size: number;
  sharpness: number;
  brightness: number;
  yaw: number | null;
  issues: ("blurred" | "dark" | "too small" | "turned away")[];
}

/** What is known of somebody's usual face; see `mien.types.UsualFace`. */
export interface UsualFacts {
  state: "few" | "learning" | "on" | "unsteady";
  share: number;
}

/** How much a reading rests on a part of the face; see `mien.models.occlusion.PartEffect`. */
export interface PartFacts {
  part: "brows" | "eyes" | "mouth";
  effect: number;
  region: ([number, number])[];
}

/** What is read from a picture by itself. */
export interface StillAnalyzed {
  type: "picture";
  frame: number;
  time: number;
  source: string;
  size: [number, number];
  faces: FaceFacts[];
  timings: Record<string, number>;
  id: number;
}

/** Let the server read a source. */
export interface Watch {
  type: "watch";
  source: "configured" | "sample";
}

/** The last frame has been shown. */
export interface Next {
  type: "next";
}

/** End the stream. */
export interface Stop {
  type: "stop";
}

/** Learn somebody's usual face, or forget it. */
export interface Usual {
  type: "usual";
  track_id: number;
  learn: boolean;
}

/** Something happened just now. */
export interface Mark {
  type: "mark";
  word: string;
}

/** Learn from faces. */
export interface Adapt {
  type: "adapt";
  faces: KeptFace[];
}

/** A face that the page has kept, and what it shows. */
export interface KeptFace {
  word: string;
  person: string;
  jpeg: string;
}

/** Read with what was learnt, or with the model from before. */
export interface Choose {
  type: "choose";
  adapted: boolean;
}

/** Send what was learnt. */
export interface Save {
  type: "save";
}

/** Stop learning, and forget what was learnt. */
export interface Forget {
  type: "forget";
}

/** A picture of the page's own stream, taken at `time` in seconds. */
export interface Grab {
  type: "grab";
  time: number;
}

/** A picture by itself. */
export interface Still {
  type: "picture";
  id: number;
  parts: boolean;
}

export type ServerMessage = Hello | Stopped | Waiting | Ended | Failed | Adapting | Adapted | Unadapted | Analyzed | StillAnalyzed;

export type ClientMessage = Watch | Next | Stop | Usual | Mark | Adapt | Choose | Save | Forget;

export type PictureHeader = Grab | Still;
