/**
 * What a document says, put in the ways that the page shows it. Pure functions of the contract's JSON.
 *
 * @typedef {import("../contract.js").Document} Document
 * @typedef {import("../contract.js").Digit} Digit
 * @typedef {import("../contract.js").Line} Line
 * @typedef {import("../contract.js").NumberRead} NumberRead
 * @typedef {import("../contract.js").Page} Page
 */

/** The same two limits as the annotated pictures use. */
const SURE = 0.95;
const LIKELY = 0.8;

/**
 * How sure a confidence is.
 *
 * @param {number | null} confidence
 * @returns {"sure" | "likely" | "unsure" | "unread"}
 */
export function certainty(confidence) {
  if (confidence === null) return "unread";
  if (confidence >= SURE) return "sure";
  return confidence >= LIKELY ? "likely" : "unsure";
}

/**
 * A share as people write it: never 100 % or 0 % unless it is exactly that.
 *
 * @param {number | null} share in [0, 1]
 * @returns {string}
 */
export function percent(share) {
  if (share === null) return "not known";
  if (share > 0 && share < 0.01) return "under 1 %";
  if (share < 1 && share > 0.99) return "over 99 %";
  return `${Math.round(share * 100)} %`;
}

/**
 * The lines of a document that hold numbers, in reading order.
 *
 * @param {Document} document
 * @returns {Line[]}
 */
export function readLines(document) {
  return document.pages.flatMap((page) => page.lines.filter((line) => line.numbers.length > 0));
}

/**
 * Every digit in reading order, with what it stands in.
 *
 * @param {Document} document
 * @returns {{digit: Digit, number: NumberRead, line: Line, page: Page, index: number}[]}
 */
export function placedDigits(document) {
  let index = 0;
  return document.pages.flatMap((page) =>
    page.lines.flatMap((line) =>
      line.numbers.flatMap((number) => number.digits.map((digit) => ({ digit, number, line, page, index: index++ }))),
    ),
  );
}

/**
 * The numbers as text: lines by newline, the numbers of a line by one space.
 *
 * @param {Document} document
 * @returns {string}
 */
export function textOf(document) {
  return readLines(document)
    .map((line) => line.text)
    .join("\n");
}

/**
 * The numbers as they are said: digit by digit, with a pause between numbers.
 *
 * @param {string} text
 * @returns {string}
 */
export function spoken(text) {
  return text
    .split(/\s+/)
    .filter(Boolean)
    .map((number) => [...number].join(" "))
    .join(", ");
}

/**
 * Why there is nothing, or less than everything, to read: the first sentence for people, or null.
 *
 * @param {Document} document
 * @returns {string | null}
 */
export function problemOf(document) {
  const problems = [
    document.problem,
    ...document.pages.flatMap((page) => [page.problem, ...page.lines.map((line) => line.problem)]),
  ];
  return problems.find((problem) => problem !== null)?.message ?? null;
}

/**
 * How much was read, in words.
 *
 * @param {Document} document
 * @returns {string}
 */
export function summary(document) {
  const digits = placedDigits(document).length;
  const numbers = document.pages.flatMap((page) => page.lines.flatMap((line) => line.numbers));
  if (digits === 0) return "No numbers";
  const unaccepted = numbers.filter((number) => !number.accepted).length;
  const counted = `${counts(numbers.length, "number")}, ${counts(digits, "digit")}`;
  return unaccepted ? `${counted}, ${unaccepted} below the threshold` : counted;
}

/**
 * @param {number} count
 * @param {string} noun
 * @returns {string}
 */
export function counts(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * The ten probabilities of a digit in the order 0 to 9, and what is left: that it is no digit.
 *
 * @param {Digit} digit
 * @returns {{values: {value: string, probability: number}[], none: number}}
 */
export function chartOf(digit) {
  const known = new Map(digit.alternatives.map(({ value, probability }) => [value, probability]));
  const values = [..."0123456789"].map((value) => ({ value, probability: known.get(value) ?? 0 }));
  const total = values.reduce((sum, { probability }) => sum + probability, 0);
  return { values, none: Math.min(1, Math.max(0, 1 - total)) };
}

/**
 * Seconds as people write them.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function duration(seconds) {
  return seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : `${seconds.toFixed(1)} s`;
}

/**
 * The day of a moment, in universal time.
 *
 * @param {number} moment in seconds since 1970
 * @returns {string}
 */
export function dayOf(moment) {
  return new Date(moment * 1000).toISOString().slice(0, 10);
}

/**
 * Bytes as people write them.
 *
 * @param {number} bytes
 * @returns {string}
 */
export function byteSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
