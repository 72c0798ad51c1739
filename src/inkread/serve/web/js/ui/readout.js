/**
 * Shows what was read, line by line: a cell a digit, its ink above its value. A cell pressed opens the digit's chart.
 *
 * @typedef {import("../contract.js").Document} Document
 * @typedef {import("./ink.js").Ground} Ground
 */
import { certainty, percent, placedDigits, readLines } from "../state/reading.js";
import { make } from "./dom.js";
import { openDigit } from "./digit.js";
import { inkOf } from "./ink.js";

/**
 * @param {Document} document
 * @param {Ground | null} ground where the ink can be seen; null where the browser cannot show the picture
 * @param {{animated?: boolean}} [options]
 * @returns {HTMLElement}
 */
export function readout(document, ground, { animated = false } = {}) {
  const placed = new Map(placedDigits(document).map((one) => [one.digit, one]));
  let count = 0;
  return make(
    "ol",
    { class: animated ? "readout animated" : "readout" },
    readLines(document).map((line) =>
      make(
        "li",
        { class: "line" },
        line.numbers.map((number) =>
          make(
            "div",
            {
              class: number.accepted ? "number" : "number unaccepted",
              role: "group",
              "aria-label": `${number.text}, ${percent(number.confidence)} sure`,
            },
            make("div", { class: "cells" }, number.digits.map(cell)),
            make(
              "span",
              { class: `confidence ${certainty(number.confidence)}` },
              number.accepted ? percent(number.confidence) : `${percent(number.confidence)}, not accepted`,
            ),
          ),
        ),
      ),
    ),
  );

  /** @param {import("../contract.js").Digit} digit */
  function cell(digit) {
    const made = make(
      "button",
      {
        type: "button",
        class: `cell ${certainty(digit.confidence)}`,
        "aria-label": `${digit.value}, ${percent(digit.confidence)} sure. Show its chart`,
        onclick: () => {
          const where = placed.get(digit);
          if (where) openDigit(where, ground);
        },
      },
      ground && inkOf(ground, digit.box, 44, 0.8),
      make("span", { class: "value" }, digit.value),
    );
    made.style.setProperty("--order", String(count++));
    return made;
  }
}
