/**
 * What an explanation says, put as the page shows it. Pure functions of the contract's JSON.
 *
 * @typedef {import("../contract.js").Digit} Digit
 */

/** Odds above it are not worth telling apart. */
const MOST_ODDS = 1_000_000;
/** Okabe and Ito's vermilion and blue, as in the drawn pictures. */
const FOR = [213, 94, 0];
const AGAINST = [0, 114, 178];

/**
 * The odds in words; below even the small number comes first.
 *
 * @param {number} logOdds natural logarithm
 * @returns {string}
 */
export function oddsWords(logOdds) {
  const odds = Math.exp(Math.min(Math.abs(logOdds), 50));
  const number =
    odds >= MOST_ODDS
      ? `over ${MOST_ODDS.toLocaleString("en")}`
      : odds.toLocaleString("en", { maximumSignificantDigits: 2 });
  return logOdds >= 0 ? `${number} to 1` : `1 to ${number}`;
}

/**
 * The other digits that this one could be held against, likeliest first.
 *
 * @param {Digit} digit
 * @returns {string[]}
 */
export function rivals(digit) {
  return digit.alternatives.map(({ value }) => value).filter((value) => value !== digit.value);
}

/**
 * The pixels of a heat map, RGBA: orange for, blue against, clear where nothing was said.
 *
 * @param {number[][]} heat rows in [-1, 1]
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function heatPixels(heat) {
  const cells = heat.flat();
  const pixels = new Uint8ClampedArray(4 * cells.length);
  cells.forEach((value, place) => {
    // The root lets weaker evidence be seen beside the strongest.
    pixels.set([...(value > 0 ? FOR : AGAINST), 255 * Math.sqrt(Math.abs(value))], 4 * place);
  });
  return pixels;
}
