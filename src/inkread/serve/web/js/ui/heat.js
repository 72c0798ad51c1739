/**
 * Which ink made a digit what it was read as: its heat map over its ink, asked for when it is opened.
 *
 * @typedef {import("../contract.js").DigitExplanation} DigitExplanation
 * @typedef {import("./ink.js").Ground} Ground
 */
import { RequestFailed } from "../api.js";
import { heatPixels, oddsWords, rivals } from "../state/explanation.js";
import { fill, make } from "./dom.js";
import { trouble } from "./notice.js";

/** In CSS pixels. */
const SIDE = 208;
/** How much of the picture is left under the heat. */
const PALE = 0.5;

/**
 * A part that opens; null where nobody can be asked.
 *
 * @param {import("../contract.js").Digit} digit
 * @param {number} index its place in reading order
 * @param {Ground | null} ground
 * @returns {HTMLElement | null}
 */
export function heatOf(digit, index, ground) {
  if (!ground?.explain) return null;
  const { explain } = ground;
  const canvas = make("canvas", { class: "heat", role: "img", "aria-label": "Its ink with the heat over it" });
  const words = make("p", { class: "heat-words", role: "status" }, "Asking …");
  const against = make(
    "select",
    { id: "heat-against", onchange: ask },
    make("option", { value: "" }, "everything else"),
    rivals(digit).map((value) => make("option", { value }, value)),
  );
  const part = make(
    "details",
    { class: "why" },
    make("summary", null, "Which ink decided"),
    make("p", { class: "heat-for" }, make("label", { for: "heat-against" }, `${digit.value} rather than `), against),
    canvas,
    words,
  );
  let asked = 0;
  part.addEventListener("toggle", () => {
    if (part.open && asked === 0) ask();
  });
  return part;

  async function ask() {
    const turn = ++asked;
    const rival = against.value || null;
    try {
      const { digits } = await explain({ digit: index, value: digit.value, against: rival });
      if (turn !== asked || !ground) return;
      paint(canvas, ground, digits[0]);
      fill(
        words,
        `${oddsWords(digits[0].log_odds)} for ${digit.value} rather than ${rival ?? "everything else"}, by its ink alone. `,
        "Orange ink spoke for it, blue ink against it.",
      );
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      if (turn === asked) fill(words, trouble(error.words, { label: "Try again", act: ask }));
    }
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Ground} ground
 * @param {DigitExplanation} explanation
 */
function paint(canvas, { picture, scale }, { quad, heat }) {
  const dense = Math.min(2, window.devicePixelRatio || 1);
  canvas.width = canvas.height = Math.round(SIDE * dense);
  const context = canvas.getContext("2d");
  if (!context) return;
  const left = Math.min(...quad.map(([x]) => x));
  const top = Math.min(...quad.map(([, y]) => y));
  const side = Math.max(...quad.map(([x, y]) => Math.max(x - left, y - top)), 1);
  const fit = canvas.width / side;
  context.imageSmoothingQuality = "high";
  context.globalAlpha = PALE;
  context.drawImage(picture, left * scale, top * scale, side * scale, side * scale, 0, 0, canvas.width, canvas.height);
  context.globalAlpha = 1;
  const rows = heat.length;
  const map = make("canvas", { width: heat[0].length, height: rows });
  map.getContext("2d")?.putImageData(new ImageData(heatPixels(heat), heat[0].length, rows), 0, 0);
  // The square may lie tilted on the picture: its first corner, and the way along its two sides.
  const [[x0, y0], [x1, y1], , [x3, y3]] = quad.map(([x, y]) => [(x - left) * fit, (y - top) * fit]);
  context.setTransform(
    (x1 - x0) / map.width,
    (y1 - y0) / map.width,
    (x3 - x0) / map.height,
    (y3 - y0) / map.height,
    x0,
    y0,
  );
  context.drawImage(map, 0, 0);
  context.resetTransform();
}
