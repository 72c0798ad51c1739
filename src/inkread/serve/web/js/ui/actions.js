/** What can be done with a reading anywhere: say it, copy it, save it. */
import { make, fill } from "./dom.js";
import { icon } from "./icons.js";
import { spoken } from "../state/reading.js";

/**
 * A button that says the numbers aloud, digit by digit; pressed again it stops. Null where the browser cannot speak.
 *
 * @param {() => string} text
 * @returns {HTMLButtonElement | null}
 */
export function speakButton(text) {
  if (!("speechSynthesis" in window)) return null;
  const button = make("button", { type: "button", class: "button", onclick: speak }, icon("speak"), "Read aloud");
  return button;

  function speak() {
    if (speechSynthesis.speaking) {
      speechSynthesis.cancel();
      return;
    }
    const utterance = new SpeechSynthesisUtterance(spoken(text()));
    utterance.lang = "en";
    utterance.rate = 0.9;
    utterance.addEventListener("end", () => fill(button, icon("speak"), "Read aloud"));
    utterance.addEventListener("error", () => fill(button, icon("speak"), "Read aloud"));
    fill(button, icon("close"), "Stop");
    speechSynthesis.speak(utterance);
  }
}

/**
 * A button that copies and says that it did.
 *
 * @param {() => string} text
 * @param {string} [label]
 * @param {string} [kind] further classes
 * @returns {HTMLButtonElement}
 */
export function copyButton(text, label = "Copy", kind = "") {
  const button = make("button", { type: "button", class: `button ${kind}`.trim(), onclick: copy }, icon("copy"), label);
  return button;

  async function copy() {
    const done = await putOnClipboard(text());
    fill(button, icon(done ? "check" : "warning"), done ? "Copied" : "Not copied");
    setTimeout(() => fill(button, icon("copy"), label), 1600);
  }
}

/**
 * @param {string} text
 * @returns {Promise<boolean>}
 */
async function putOnClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https there is no clipboard interface; the old way needs text that is selected.
    const field = make("textarea", { class: "unseen", "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

/**
 * Gives a file to the browser to save.
 *
 * @param {Blob} content
 * @param {string} name
 */
export function save(content, name) {
  const address = URL.createObjectURL(content);
  const link = make("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
