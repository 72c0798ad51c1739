/** Sentences that tell people what happened, with what they can do about it. */
import { make } from "./dom.js";
import { icon } from "./icons.js";

/**
 * Something went wrong.
 *
 * @param {import("../state/words.js").Words} words
 * @param {{label: string, act: () => void} | null} [action]
 * @returns {HTMLElement}
 */
export function trouble(words, action) {
  return make(
    "div",
    { class: "notice trouble", role: "alert" },
    icon("warning"),
    make("div", null, make("strong", null, words.title), words.text && make("p", null, words.text)),
    action && make("button", { type: "button", class: "button small", onclick: action.act }, action.label),
  );
}

/**
 * Nothing went wrong, but there is something to know.
 *
 * @param {string} title
 * @param {string} [text]
 * @returns {HTMLElement}
 */
export function remark(title, text) {
  return make(
    "div",
    { class: "notice" },
    icon("notice"),
    make("div", null, make("strong", null, title), text && make("p", null, text)),
  );
}
