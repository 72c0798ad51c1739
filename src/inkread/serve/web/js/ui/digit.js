/** The chart of one digit: its ink, ten probabilities, what else it and its line could be. */
import { certainty, chartOf, percent } from "../state/reading.js";
import { make } from "./dom.js";
import { heatOf } from "./heat.js";
import { icon } from "./icons.js";
import { inkOf } from "./ink.js";

/**
 * Opens the chart; Escape, the button or a press beside it closes it again.
 *
 * @param {ReturnType<typeof import("../state/reading.js").placedDigits>[number]} placed
 * @param {import("./ink.js").Ground | null} ground
 */
export function openDigit({ digit, number, line, index }, ground) {
  const { values, none } = chartOf(digit);
  const dialog = make(
    "dialog",
    { class: "digit-dialog", "aria-labelledby": "digit-title" },
    make(
      "div",
      { class: "digit-head" },
      ground && inkOf(ground, digit.box, 96),
      make(
        "div",
        null,
        make("h2", { id: "digit-title" }, make("span", { class: "unseen" }, "The digit "), digit.value),
        make("p", { class: `confidence ${certainty(digit.confidence)}` }, `${percent(digit.confidence)} sure`),
      ),
      make(
        "button",
        { type: "button", class: "button plain icon-only", "aria-label": "Close", onclick: () => dialog.close() },
        icon("close"),
      ),
    ),
    make("h3", { id: "chart-title" }, "How likely each digit is"),
    make(
      "ol",
      { class: "chart", "aria-labelledby": "chart-title" },
      values.map(({ value, probability }) => {
        const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("span", null));
        /** @type {HTMLElement} */ (bar.firstElementChild).style.height = `${Math.max(probability * 100, 0.8)}%`;
        return make(
          "li",
          { class: value === digit.value ? "best" : null },
          make("span", { class: "share" }, shortShare(probability)),
          bar,
          make("span", { class: "value" }, value),
        );
      }),
    ),
    make(
      "dl",
      { class: "facts" },
      fact("No digit at all", percent(none)),
      fact("Its number", `${number.text}, ${percent(number.confidence)} sure`),
      line.alternatives.length > 0 &&
        fact(
          "The line could also be",
          line.alternatives.map(({ text, probability }) => `${text} (${percent(probability)})`).join(", "),
        ),
    ),
    heatOf(digit, index, ground),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {number} probability */
function shortShare(probability) {
  const whole = Math.round(probability * 100);
  return whole === 0 ? "0" : String(whole === 100 && probability < 1 ? 99 : whole);
}

/**
 * @param {string} name
 * @param {string} value
 */
function fact(name, value) {
  return make("div", null, make("dt", null, name), make("dd", null, value));
}
