/**
 * What the lab shows, put together. Pure functions.
 *
 * @typedef {{name: string, title: string, form: "images" | "lines", use: string, licence: string,
 *   splits: Record<string, number>}} DataSet
 * @typedef {{step: number, steps: number, loss: number, samples_per_second: number,
 *   figures: Record<string, number> | null}} CurveRow
 * @typedef {{kind: "evaluate" | "train", data: string, state: "running" | "done" | "failed" | "canceled", done: number,
 *   total: number, seconds: number, curve: CurveRow[], report: import("./report.js").Report | null,
 *   error: string | null}} Job
 * @typedef {{sets: DataSet[], networks: Record<string, string>, job: Job | null}} Overview
 * @typedef {{index: number, label: string, picture: string, reading: string, confidence: number | null,
 *   probabilities?: number[], not_a_digit?: number}} Sample
 * @typedef {{n: number, start: number, samples: Sample[]}} Shown
 */

/**
 * How many samples are right, wrong, or no digits at all: those have no right reading.
 *
 * @param {Sample} sample
 * @returns {"right" | "wrong" | "other"}
 */
export function verdict({ label, reading }) {
  if (!/^\d+$/.test(label)) return "other";
  return label === reading ? "right" : "wrong";
}

/**
 * A confidence in whole per cent, never more than there is.
 *
 * @param {number | null} confidence
 * @returns {string}
 */
export function shortShare(confidence) {
  return confidence === null ? "–" : `${Math.floor(confidence * 100)} %`;
}

/**
 * Where in a set one is, in words.
 *
 * @param {Shown} shown
 * @returns {string}
 */
export function placeWords({ n, start, samples }) {
  if (samples.length === 0) return `None of ${n.toLocaleString("en")}`;
  const [first, last] = [start + 1, start + samples.length].map((place) => place.toLocaleString("en"));
  return `${first} to ${last} of ${n.toLocaleString("en")}`;
}

/**
 * How a job stands, in words.
 *
 * @param {Job} job
 * @returns {string}
 */
export function jobWords({ kind, data, state, done, total, seconds, error }) {
  const what = kind === "train" ? `Training on ${data}` : `Reading ${data}`;
  const far = `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  if (state === "running") return `${what}: ${far}, ${Math.round(seconds)} s`;
  if (state === "done") return `${what}: done in ${seconds.toFixed(1)} s`;
  if (state === "canceled") return `${what}: canceled after ${far}`;
  return `${what}: ${error ?? "failed"}`;
}

/**
 * The curves of a training as it goes: the loss, and the share of held-out crops that is right.
 *
 * @param {Job} job
 * @returns {{loss: [number, number][], right: [number, number][]}}
 */
export function jobCurves({ curve }) {
  return {
    loss: curve.map(({ step, loss }) => [step, loss]),
    right: curve.flatMap(({ step, figures }) => {
      const values = Object.values(figures ?? {});
      return values.length === 0
        ? []
        : [/** @type {[number, number]} */ ([step, values.reduce((a, b) => a + b, 0) / values.length])];
    }),
  };
}

/**
 * A sample's reading as the chart of a digit takes it.
 *
 * @param {Sample} sample
 * @param {[number, number]} size of its picture
 * @returns {any}
 */
export function chartedDigit({ reading, confidence, probabilities = [] }, [width, height]) {
  const alternatives = probabilities
    .map((probability, value) => ({ value: String(value), probability }))
    .sort((a, b) => b.probability - a.probability);
  const digit = { value: reading, confidence, alternatives, box: [0, 0, width, height] };
  return { digit, number: { text: reading, confidence }, line: { alternatives: [] } };
}
