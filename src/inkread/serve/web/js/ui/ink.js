/** Cuts the ink of one digit out of the picture that it stands in. */
import { make } from "./dom.js";

/**
 * @typedef {CanvasImageSource} Picture
 * @typedef {{digit: number, value: string, against: string | null}} Question which digit, in reading order; for what, and
 *   against what
 * @typedef {(question: Question) => Promise<import("../contract.js").Explanation>} Explain
 * @typedef {{picture: Picture, scale: number, explain?: Explain}} Ground the picture, its pixels a unit of the results, and
 *   whom to ask which of its ink decided
 */

/** Of the digit's height, on every side. */
const MARGIN = 0.06;

/**
 * A small canvas with the digit in its middle. The picture's own pixels are shown, so that doubts can be judged by eye.
 *
 * @param {Ground} ground
 * @param {import("../contract.js").Box} box
 * @param {number} side in CSS pixels
 * @param {number} [aspect] width over height of the canvas
 * @returns {HTMLCanvasElement}
 */
export function inkOf({ picture, scale }, [x0, y0, x1, y1], side, aspect = 1) {
  const dense = Math.min(2, window.devicePixelRatio || 1);
  const canvas = make("canvas", {
    width: Math.round(side * aspect * dense),
    height: Math.round(side * dense),
    class: "ink",
    "aria-hidden": "true",
  });
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  // A little paper around the digit, but nothing of its neighbors.
  const margin = (y1 - y0) * MARGIN;
  const [left, top] = [x0 - margin, y0 - margin];
  const [wide, tall] = [Math.max(1, x1 - x0 + 2 * margin), Math.max(1, y1 - y0 + 2 * margin)];
  const fit = Math.min(canvas.width / wide, canvas.height / tall);
  context.imageSmoothingQuality = "high";
  context.drawImage(
    picture,
    left * scale,
    top * scale,
    wide * scale,
    tall * scale,
    (canvas.width - wide * fit) / 2,
    (canvas.height - tall * fit) / 2,
    wide * fit,
    tall * fit,
  );
  return canvas;
}
