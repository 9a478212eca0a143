// What mien/web/site/engine.py writes, of the networks that a page has: there is no such file here.

import type { DetectorInfo } from "../engine/detectors/singleshot.js";
import type { InputSpec } from "../engine/types.js";
import type { Hello, ModelFacts } from "../generated/messages.js";

export interface ClassifierFacts {
  labels: string[];
  model: ModelFacts;
  input: InputSpec;
  other: boolean;
  not_sure_below: number;
  neutral_logs: number[] | null;
}

export const facts: {
  hello: Omit<Hello, "type">;
  classifiers: ClassifierFacts[];
  detector: DetectorInfo;
};
/** Where the graphs are. */
export const detector: URL;
/** In the order of what is said of them. */
export const classifiers: URL[];
