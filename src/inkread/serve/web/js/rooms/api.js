/** The room that shows how programs call the server, and makes keys where accounts are on. */
import * as api from "../api.js";
import { copyButton } from "../ui/actions.js";
import { fill, make } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { trouble } from "../ui/notice.js";

/** @param {import("../app.js").Context} context */
export function open({ main, signal, session }) {
  const { accounts, user } = session();
  const at = location.origin;
  const key = accounts ? "$INKREAD_KEY" : "";
  const curlKey = accounts ? `\\\n  -H "Authorization: Bearer ${key}" ` : "";
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
        sample("curl", `curl ${at}/v1/read ${curlKey}\\\n  -F files=@cheque.jpg -F files=@form.pdf`),
        sample("Only the numbers", `curl ${at}/v1/read ${curlKey}\\\n  -H "Accept: text/plain" -F files=@cheque.jpg`),
        sample(
          "Python",
          `import httpx\n\nwith open("cheque.jpg", "rb") as picture:\n    answer = httpx.post(\n        "${at}/v1/read",\n        files={"files": picture},\n        params={"layout": "line", "min_confidence": 0.9},\n${accounts ? '        headers={"Authorization": f"Bearer {key}"},\n' : ""}    )\nfor document in answer.json()["documents"]:\n    for line in document["pages"][0]["lines"]:\n        print(line["text"], line["confidence"])`,
        ),
      ),
      part(
        "Read pen strokes",
        "Points are x, y, time in milliseconds and pressure; the last two may be left out.",
        sample(
          "JavaScript",
          `const answer = await fetch("${at}/v1/strokes", {\n  method: "POST",\n  headers: { "Content-Type": "application/json"${accounts ? ', Authorization: `Bearer ${key}`' : ""} },\n  body: JSON.stringify({ strokes: [[[10, 10, 0, 0.5], [10, 90, 120, 0.5]]] }),\n});\nconst document = await answer.json();`,
        ),
      ),
      part(
        "Read video",
        "A socket takes frames as binary messages: eight bytes with the frame's number, the least first, then a JPEG, WebP or PNG. The newest frame wins.",
        sample(
          "JavaScript",
          `const socket = new WebSocket("${at.replace(/^http/, "ws")}/v1/live");\nsocket.send(JSON.stringify({ type: "control", region: null, min_confidence: 0.8 }));\nsocket.send(frame);\nsocket.onmessage = ({ data }) => console.log(JSON.parse(data).steady.text);`,
        ),
      ),
      part(
        "The answer",
        "Boxes are pixels of the upright picture, from the top left. Confidence is a calibrated probability. Of each digit all ten values stand in alternatives.",
        sample(
          "JSON",
          `{\n  "documents": [{\n    "source": "cheque.jpg", "seconds": 0.021, "problem": null,\n    "pages": [{ "index": 0, "width": 1280, "height": 640,\n      "lines": [{ "text": "1250", "confidence": 0.97,\n        "numbers": [{ "text": "1250", "accepted": true,\n          "digits": [{ "value": "1", "confidence": 0.999,\n            "box": [102.0, 55.5, 150.0, 131.0],\n            "alternatives": [{ "value": "1", "probability": 0.999 }] }] }] }] }]\n  }],\n  "errors": []\n}`,
        ),
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
  return make("section", { class: "part" }, make("div", null, make("h2", null, title), make("p", null, text)), make("div", { class: "samples" }, samples));
}

/**
 * @param {string} name
 * @param {string} code
 */
function sample(name, code) {
  return make(
    "figure",
    { class: "sample" },
    make("figcaption", null, name, copyButton(() => code, "Copy", "small plain")),
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
    make("div", null, make("h2", null, "Your keys"), make("p", null, "A key lets a program read in your name. It is shown once and cannot be seen again.")),
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
            make("span", null, make("strong", null, key.label), ` made ${key.created.slice(0, 10)}`),
            make("button", { type: "button", class: "button small", "aria-label": `Remove ${key.label}`, onclick: () => remove(key.id) }, icon("clear"), "Remove"),
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
          make("div", null, make("strong", null, "Keep this key now; it is not shown again."), make("code", { class: "new-key" }, key)),
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
