/**
 * What is known about a running video: frames on their way, rate, latency, the steady reading. Pure functions.
 *
 * @typedef {import("../contract.js").Document} Document
 * @typedef {{text: string, frames: number}} Steady
 * @typedef {{sent: {frame: number, at: number}[], next: number, latencies: number[], rate: number,
 *   document: Document | null, steady: Steady, answered: number}} Live
 */

/** Frames on their way at once: one that is read, one that waits; more would only be thrown away. */
const IN_FLIGHT = 2;
/** An answer that has not come by then will not come: frames that others overtook get none. */
const LOST_MS = 2000;
const KEPT_LATENCIES = 60;

/** @type {Live} */
export const IDLE = {
  sent: [],
  next: 1,
  latencies: [],
  rate: 0,
  document: null,
  steady: { text: "", frames: 0 },
  answered: 0,
};

/**
 * Whether another frame may be sent now.
 *
 * @param {Live} live
 * @param {number} now in milliseconds
 * @returns {boolean}
 */
export function maySend(live, now) {
  return live.sent.filter(({ at }) => now - at < LOST_MS).length < IN_FLIGHT;
}

/**
 * @param {Live} live
 * @param {number} now
 * @returns {Live}
 */
export function sent(live, now) {
  const fresh = live.sent.filter(({ at }) => now - at < LOST_MS);
  return { ...live, sent: [...fresh, { frame: live.next, at: now }], next: live.next + 1 };
}

/**
 * An answer came: frames sent before it will get none.
 *
 * @param {Live} live
 * @param {{frame: number, document: Document, steady: Steady, rate: number}} answer
 * @param {number} now
 * @returns {Live}
 */
export function received(live, answer, now) {
  if (answer.frame < live.answered) return live;
  const own = live.sent.find(({ frame }) => frame === answer.frame);
  const latencies = own ? [...live.latencies, now - own.at].slice(-KEPT_LATENCIES) : live.latencies;
  return {
    ...live,
    sent: live.sent.filter(({ frame }) => frame > answer.frame),
    latencies,
    rate: answer.rate,
    document: answer.document,
    steady: answer.steady,
    answered: answer.frame,
  };
}

/**
 * A frame could not be read; the next one may.
 *
 * @param {Live} live
 * @param {number | null} frame
 * @returns {Live}
 */
export function refused(live, frame) {
  return frame === null ? live : { ...live, sent: live.sent.filter((one) => one.frame > frame) };
}

/**
 * The usual time from taking a frame to its answer, in milliseconds, or null.
 *
 * @param {Live} live
 * @returns {number | null}
 */
export function usualLatency(live) {
  if (!live.latencies.length) return null;
  const sorted = [...live.latencies].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** From so many frames on a reading is called steady: a third of a second at the usual rate. */
const STEADY_FRAMES = 5;

/**
 * @param {Steady} steady
 * @returns {boolean}
 */
export function isSteady(steady) {
  return steady.text !== "" && steady.frames >= STEADY_FRAMES;
}

/**
 * The steady reading in words.
 *
 * @param {Steady} steady
 * @returns {string}
 */
export function steadyWords(steady) {
  if (!steady.text) return "No numbers in the frame";
  return isSteady(steady) ? `Steady for ${steady.frames} frames` : "Hold still";
}

/**
 * A binary message: the frame's number as eight bytes, the least first, then the picture.
 *
 * @param {number} frame
 * @param {ArrayBuffer} picture
 * @returns {ArrayBuffer}
 */
export function frameMessage(frame, picture) {
  const message = new Uint8Array(8 + picture.byteLength);
  new DataView(message.buffer).setBigUint64(0, BigInt(frame), true);
  message.set(new Uint8Array(picture), 8);
  return message.buffer;
}

/**
 * How long to wait before the connection is tried again: longer each time, at most ten seconds.
 *
 * @param {number} attempt from 0
 * @returns {number} milliseconds
 */
export function retryDelay(attempt) {
  return Math.min(10_000, 500 * 2 ** attempt);
}
