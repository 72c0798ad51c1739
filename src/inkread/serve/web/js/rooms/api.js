/** The room that shows how programs call the server, and makes keys where accounts are on. */
import * as api from "../api.js";
import { dayOf } from "../state/reading.js";
import * as samples from "../state/samples.js";
import { copyButton } from "../ui/actions.js";
import { fill, make } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { trouble } from "../ui/notice.js";

/** @param {import("../app.js").Context} context */
export function open({ main, signal, session }) {
  const { accounts, user } = session();
  const setting = { address: location.origin, key: accounts };
  main.append(
    make(
      "div",
      { class: "room-head" },
      make("h1", null, "API"),
      make("p", null, "The same readings for programs. Every answer says where each digit stands and how sure it is."),
    ),
    make(
      "div",
      { class: "manual" },
      accounts && user && keysSection(signal),
      part(
        "Read pictures",
        "One or many pictures or documents in one request. Ask with Accept for text/plain, text/csv or an annotated image/png instead of JSON.",
        sample("curl", samples.readWithCurl(setting)),
        sample("Only the numbers", samples.textWithCurl(setting)),
        sample("Python", samples.readWithPython(setting)),
      ),
      part(
        "Read pen strokes",
        "Points are x, y, time in milliseconds and pressure; the last two may be left out.",
        sample("JavaScript: strokes", samples.strokesWithJavaScript(setting)),
      ),
      part(
        "Read video",
        "A socket takes frames as binary messages: eight bytes with the frame's number, the least first, then a JPEG, WebP or PNG. The newest frame wins.",
        sample("JavaScript: video", samples.videoWithJavaScript(setting)),
      ),
      part(
        "The answer",
        "Boxes are pixels of the upright picture, from the top left. Confidence is a calibrated probability. Of each digit all ten values stand in alternatives.",
        sample("JSON", samples.answer()),
      ),
      make(
        "p",
        null,
        "Everything else, with forms to try it: ",
        make("a", { href: "/docs" }, "interactive documentation"),
        " and ",
        make("a", { href: "/openapi.json" }, "OpenAPI description"),
        ".",
      ),
    ),
  );
}

/**
 * @param {string} title
 * @param {string} text
 * @param {...HTMLElement} samples
 */
function part(title, text, ...samples) {
  return make(
    "section",
    { class: "part" },
    make("div", null, make("h2", null, title), make("p", null, text)),
    make("div", { class: "samples" }, samples),
  );
}

/**
 * @param {string} name
 * @param {string} code
 */
function sample(name, code) {
  return make(
    "figure",
    { class: "sample" },
    make(
      "figcaption",
      null,
      name,
      copyButton(() => code, "Copy", "small plain"),
    ),
    make("pre", { tabindex: "0", role: "group", "aria-label": `Example: ${name}` }, make("code", null, code)),
  );
}

/** @param {AbortSignal} signal */
function keysSection(signal) {
  const list = make("ul", { class: "keys" });
  const made = make("div", { class: "notices" });
  const label = make("input", { type: "text", id: "key-label", required: true, maxlength: 80, autocomplete: "off" });
  const form = make(
    "form",
    { class: "key-form", onsubmit: add },
    make("label", { class: "field", for: "key-label" }, "What the key is for", label),
    make("button", { type: "submit", class: "button primary" }, "Make a key"),
  );
  load();
  return make(
    "section",
    { class: "part" },
    make(
      "div",
      null,
      make("h2", null, "Your keys"),
      make("p", null, "A key lets a program read in your name. It is shown once and cannot be seen again."),
    ),
    make("div", { class: "samples" }, made, form, list),
  );

  async function load() {
    try {
      const { keys } = await api.keys();
      if (signal.aborted) return;
      fill(
        list,
        keys.map((key) =>
          make(
            "li",
            null,
            make("span", null, make("strong", null, key.label), ` made ${dayOf(key.created)}`),
            make(
              "button",
              {
                type: "button",
                class: "button small",
                "aria-label": `Remove ${key.label}`,
                onclick: () => remove(key.id),
              },
              icon("clear"),
              "Remove",
            ),
          ),
        ),
      );
    } catch (error) {
      failed(error);
    }
  }

  /** @param {SubmitEvent} event */
  async function add(event) {
    event.preventDefault();
    try {
      const { key } = await api.makeKey(label.value);
      label.value = "";
      fill(
        made,
        make(
          "div",
          { class: "notice", role: "status" },
          make(
            "div",
            null,
            make("strong", null, "Keep this key now; it is not shown again."),
            make("code", { class: "new-key" }, key),
          ),
          copyButton(() => key, "Copy", "small"),
        ),
      );
      load();
    } catch (error) {
      failed(error);
    }
  }

  /** @param {number | string} id */
  async function remove(id) {
    try {
      await api.removeKey(id);
      load();
    } catch (error) {
      failed(error);
    }
  }

  /** @param {unknown} error */
  function failed(error) {
    if (signal.aborted) return;
    if (!(error instanceof api.RequestFailed)) throw error;
    fill(made, trouble(error.words));
  }
}
