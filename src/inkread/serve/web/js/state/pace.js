/**
 * When to ask while something keeps changing: one question at a time, and always about the newest state. Pure.
 *
 * @typedef {{asking: number | null, wanted: number | null, answered: number}} Pace
 */

/** @type {Pace} */
export const REST = { asking: null, wanted: null, answered: 0 };

/**
 * The state changed to this version.
 *
 * @param {Pace} pace
 * @param {number} version
 * @returns {Pace}
 */
export function want(pace, version) {
  return { ...pace, wanted: version };
}

/**
 * Whether a question is due now.
 *
 * @param {Pace} pace
 * @returns {boolean}
 */
export function isDue(pace) {
  return pace.asking === null && pace.wanted !== null;
}

/**
 * @param {Pace} pace
 * @returns {Pace}
 */
export function ask(pace) {
  return isDue(pace) ? { ...pace, asking: pace.wanted, wanted: null } : pace;
}

/**
 * The answer came, or will not come.
 *
 * @param {Pace} pace
 * @returns {Pace}
 */
export function answer(pace) {
  return { ...pace, asking: null, answered: pace.asking ?? pace.answered };
}
