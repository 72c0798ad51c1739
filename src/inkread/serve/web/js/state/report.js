/**
 * What a report says, put as the performance page shows it. Pure functions; a figure that a report does not have is null.
 *
 * @typedef {{value: number | null, interval: [number, number] | null, hits: number, n: number}} Share
 * @typedef {{precision: number | null, recall: number | null, f1: number | null, support: number}} ClassFigures
 * @typedef {{low: number, high: number, n: number, confidence: number, accuracy: number}} Bin
 * @typedef {Record<string, number>} TrainingRow step, loss and figures on validation data
 * @typedef {{schema: number, task: string, model: Record<string, string>, data: Record<string, any>, n: number,
 *   accuracy: Share | null, per_class: Record<string, ClassFigures> | null, confusion: number[][] | null,
 *   groups: Record<string, Record<string, any>> | null,
 *   refusal: {threshold: number, digits_kept: Share, others_refused: Share} | null,
 *   writers: {n: number, with_errors: number[], with_half_of_errors: number} | null,
 *   curves: {coverage?: {area: number, error_at?: Record<string, number>, coverage: number[], error: number[]},
 *     training?: TrainingRow[], trained?: string} | null,
 *   calibration: {n: number, expected_calibration_error: number, mean_confidence: number, accuracy: number,
 *     reliability: Bin[]} | null,
 *   speed: Record<string, any> | null, command: string, date: string, machine: Record<string, any>}} Report
 * @typedef {{name: string, points: [number, number][]}} Series
 * @typedef {{model: string, words: string, loss: Series[], validation: Series[]}} Training
 * @typedef {{name: string, task: string, bytes?: number, figures?: Record<string, any>, training?: Record<string, any>}} Card
 */

/**
 * A share to two decimals, with its interval where there is one.
 *
 * @param {Share | null} share
 * @returns {{value: string, interval: string | null}}
 */
export function accuracyWords(share) {
  if (!share || share.value === null) return { value: "not measured", interval: null };
  return {
    value: `${(share.value * 100).toFixed(2)} %`,
    interval: share.interval
      ? `between ${(share.interval[0] * 100).toFixed(2)} and ${(share.interval[1] * 100).toFixed(2)} %, 19 times in 20`
      : null,
  };
}

/**
 * @param {number | null | undefined} share
 * @returns {string}
 */
export function shareWords(share) {
  return share === null || share === undefined ? "–" : `${(share * 100).toFixed(2)} %`;
}

/**
 * What was measured on, in words.
 *
 * @param {Report} report
 * @returns {string}
 */
export function dataWords({ data }) {
  // A manifest is named by its folder: every one has the same name.
  const name = typeof data.name === "string" ? data.name.replace(/\/manifest\.jsonl$/, "") : data.name;
  const parts = [name, data.split, data.perturbation].filter((part) => typeof part === "string" && part);
  return parts.join(", ") || "unnamed data";
}

/**
 * The rows of the table of classes.
 *
 * @param {Report} report
 * @returns {{name: string, precision: string, recall: string, f1: string, support: string}[]}
 */
export function classRows({ per_class: classes }) {
  return Object.entries(classes ?? {}).map(([name, { precision, recall, f1, support }]) => ({
    name,
    precision: shareWords(precision),
    recall: shareWords(recall),
    f1: shareWords(f1),
    support: String(support),
  }));
}

/**
 * The cells of a confusion matrix: a row a truth. `weight` in [0, 1] says how dark a cell is; mistakes are few beside what
 * is right, so they are weighed among themselves.
 *
 * @param {number[][]} confusion
 * @returns {{count: number, right: boolean, weight: number}[][]}
 */
export function confusionCells(confusion) {
  const most = Math.max(1, ...confusion.flatMap((row, truth) => row.filter((_, read) => read !== truth)));
  return confusion.map((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0) || 1;
    return row.map((count, read) => ({
      count,
      right: truth === read,
      weight: truth === read ? count / total : Math.sqrt(count / most),
    }));
  });
}

/**
 * The mistakes that happen most, most often first.
 *
 * @param {number[][]} confusion
 * @param {number} most
 * @returns {{truth: number, read: number, count: number}[]}
 */
export function worstMistakes(confusion, most) {
  return confusion
    .flatMap((row, truth) => row.map((count, read) => ({ truth, read, count })))
    .filter(({ truth, read, count }) => truth !== read && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, most);
}

/**
 * The interval of a share, in per cent.
 *
 * @param {Share | null | undefined} share
 * @returns {string}
 */
export function intervalWords(share) {
  return share?.interval ? share.interval.map((edge) => `${(edge * 100).toFixed(1)} %`).join(" and ") : "–";
}

/**
 * How mistakes are spread over writers, or "" where nobody says who wrote.
 *
 * @param {Report} report
 * @returns {string}
 */
export function writerWords({ writers }) {
  if (!writers) return "";
  const { n, with_errors: spread, with_half_of_errors: half } = writers;
  const most = spread.length > 1 ? ` Half of all mistakes are on ${half} ${half === 1 ? "hand" : "hands"}.` : "";
  return `${n} writers, ${spread[0]} of them without a mistake.${most}`;
}

/** A chart of more lines than this cannot be read. */
const MOST_SERIES = 4;

/**
 * Curves of training: the loss, and the share that is right on the first validation sets of digits.
 *
 * @param {Report} report
 * @returns {{loss: Series[], validation: Series[]}}
 */
export function trainingCurves({ curves }) {
  const rows = curves?.training ?? [];
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter(
    (name) => name !== "step" && name !== "rate",
  );
  const series = names.map((name) => ({
    name,
    points: rows
      .filter((row) => typeof row[name] === "number")
      .map((row) => /** @type {[number, number]} */ ([row.step, row[name]])),
  }));
  return {
    loss: series.filter(({ name }) => name === "loss"),
    validation: series.filter(({ name }) => name !== "loss" && !name.endsWith("-others")).slice(0, MOST_SERIES),
  };
}

/**
 * How each model was trained, once a model: by the first report that has its curves.
 *
 * @param {Report[]} reports
 * @param {Card[]} models
 * @returns {Training[]}
 */
export function trainings(reports, models) {
  return models.flatMap(({ name, training }) => {
    const told = reports.find(({ curves }) => curves?.trained === name && curves.training?.length);
    if (!told) return [];
    const seen = training?.samples ?? training?.lines;
    const words = seen
      ? `${seen.toLocaleString("en")} ${training?.samples ? "crops" : "lines"} seen, on ${training?.device ?? "a machine"}.`
      : "";
    return [{ model: name, words, ...trainingCurves(told) }];
  });
}

/**
 * Where a value stands on an axis of so many pixels.
 *
 * @param {number} value
 * @param {[number, number]} range
 * @param {[number, number]} pixels
 * @returns {number}
 */
export function scaled(value, [low, high], [from, to]) {
  return high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from);
}

/**
 * Round values for the marks of an axis, about `count` of them.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} count
 * @returns {number[]}
 */
export function axisMarks(low, high, count) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? 10 * power;
  const marks = [];
  for (let mark = Math.ceil(low / step) * step; mark <= high + step * 1e-9; mark += step) {
    marks.push(Number(mark.toPrecision(12)));
  }
  return marks;
}

/**
 * How much each bin of a reliability curve weighs beside the fullest, in [0, 1]: few samples say little.
 *
 * @param {Bin[]} bins
 * @returns {number[]}
 */
export function binWeights(bins) {
  const most = Math.max(1, ...bins.map(({ n }) => n));
  return bins.map(({ n }) => Math.sqrt(n / most));
}

/**
 * Speed in words, one entry a figure.
 *
 * @param {Report} report
 * @returns {{name: string, value: string}[]}
 */
export function speedWords({ speed }) {
  if (!speed) return [];
  const found = [];
  if (speed.crops_per_second)
    found.push({ name: "Digits a second", value: Math.round(speed.crops_per_second).toLocaleString("en") });
  if (speed.median_seconds)
    found.push({ name: "Median a picture", value: `${(speed.median_seconds * 1000).toFixed(1)} ms` });
  return found;
}
