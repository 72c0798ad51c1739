/** Boxes over a picture: around every digit, in reading order, each a button that opens the digit's chart. */
import { certainty, percent, placedDigits } from "../state/reading.js";
import { make } from "./dom.js";
import { openDigit } from "./digit.js";

/**
 * @param {import("../contract.js").Document} document
 * @param {{width: number, height: number}} size of the picture, in units of the results
 * @param {import("./ink.js").Ground | null} ground
 * @param {{pressable?: boolean}} [options] whether boxes are buttons
 * @returns {HTMLElement}
 */
export function boxesOver(document, size, ground, { pressable = true } = {}) {
  return make(
    "div",
    { class: "boxes", "aria-hidden": pressable ? null : "true" },
    placedDigits(document).map((placed) => {
      const { digit } = placed;
      const kind = `box ${certainty(digit.confidence)}`;
      const [x0, y0, x1, y1] = digit.box;
      const box = pressable
        ? make("button", {
            type: "button",
            class: kind,
            "aria-label": `${digit.value}, ${percent(digit.confidence)} sure. Show its chart`,
            onclick: () => openDigit(placed, ground),
          })
        : make("span", { class: kind });
      box.append(make("span", { class: "tag", "aria-hidden": "true" }, digit.value));
      box.style.left = `${(x0 / size.width) * 100}%`;
      box.style.top = `${(y0 / size.height) * 100}%`;
      box.style.width = `${((x1 - x0) / size.width) * 100}%`;
      box.style.height = `${((y1 - y0) / size.height) * 100}%`;
      return box;
    }),
  );
}
