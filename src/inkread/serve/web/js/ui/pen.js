/** Draws strokes on a canvas. */
import { lineWidth } from "../state/strokes.js";

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("../state/strokes.js").Stroke} stroke
 * @param {string} color
 * @param {number} [from] the point from which on it is drawn; what lies before stands already
 */
export function drawStroke(context, { points, width }, color, from = 0) {
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineCap = "round";
  context.lineJoin = "round";
  if (from === 0) {
    const [x, y, , pressure] = points[0];
    context.beginPath();
    context.arc(x, y, lineWidth(width, pressure) / 2, 0, 2 * Math.PI);
    context.fill();
  }
  // From the middle of one step to the middle of the next, bent at the point between: no corners, no gaps.
  for (let index = Math.max(1, from); index < points.length; index += 1) {
    const [x, y, , pressure] = points[index];
    const [px, py] = points[index - 1];
    const [bx, by] = points[Math.max(0, index - 2)];
    context.lineWidth = lineWidth(width, pressure);
    context.beginPath();
    context.moveTo((bx + px) / 2, (by + py) / 2);
    context.quadraticCurveTo(px, py, (px + x) / 2, (py + y) / 2);
    if (index === points.length - 1) context.lineTo(x, y);
    context.stroke();
  }
}

/**
 * Makes a canvas as dense as the screen, so that one unit is one CSS pixel.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @returns {{context: CanvasRenderingContext2D, dense: number}}
 */
export function fitCanvas(canvas, width, height) {
  const dense = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser has no canvas");
  context.setTransform(dense, 0, 0, dense, 0, 0);
  return { context, dense };
}

/** The color of ink in the current theme. */
export function inkColor() {
  return getComputedStyle(document.documentElement).getPropertyValue("--pen").trim();
}
