/** Cuts the ink of one digit out of the picture that it stands in. */
import { make } from "./dom.js";

/**
 * @typedef {CanvasImageSource} Picture
 * @typedef {{picture: Picture, scale: number}} Ground the picture, and its pixels a unit of the results
 */

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
  const tall = Math.max(y1 - y0, (x1 - x0) / aspect, 1) * 1.3;
  const wide = tall * aspect;
  context.imageSmoothingQuality = "high";
  context.drawImage(
    picture,
    ((x0 + x1 - wide) / 2) * scale,
    ((y0 + y1 - tall) / 2) * scale,
    wide * scale,
    tall * scale,
    0,
    0,
    canvas.width,
    canvas.height,
  );
  return canvas;
}
