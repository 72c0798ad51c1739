/** The room in which people see what inkread does, what it can read and what it cannot. */
import { make } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { tour } from "../ui/tour.js";

const ROOMS = /** @type {const} */ ([
  ["draw", "Draw", "Write with a finger, a pen or the mouse"],
  ["upload", "Upload", "Pictures, scans and PDFs, many at once"],
  ["camera", "Camera", "Take a photograph and read it"],
  ["live", "Live", "Point the camera and watch it read"],
]);

const PAIRS = [
  {
    name: "light",
    title: "Even light, dark ink",
    good: "The number 2048 in dark ink on bright paper",
    bad: "The same number, faint and in deep shadow",
    text: "Put the lamp beside the page, not behind you. Faint pencil in a shadow may be missed.",
  },
  {
    name: "near",
    title: "Close and sharp",
    good: "The numbers 715 and 36 filling the picture",
    bad: "The same numbers, tiny and blurred",
    text: "Digits should be 20 pixels high or more, and in focus. Hold still for a moment.",
  },
  {
    name: "whole",
    title: "All of it in the picture",
    good: "The number 90173, whole",
    bad: "The same number, its upper half cut off",
    text: "Leave some paper around the writing. A digit that is cut off is guessed at best.",
  },
];

/** @param {import("../app.js").Context} context */
export function open({ main, signal }) {
  main.append(
    make(
      "section",
      { class: "hero" },
      make(
        "div",
        { class: "hero-words" },
        make("h1", null, "Handwritten numbers, read as they are written"),
        make(
          "p",
          { class: "lead" },
          "Single digits, long numbers, whole pages. Every digit comes with how sure the reading is, so you know which ones to check.",
        ),
        make(
          "ul",
          { class: "doors" },
          ROOMS.map(([name, title, text]) =>
            make(
              "li",
              null,
              make(
                "a",
                { class: "door", href: `/${name}` },
                icon(name),
                make("span", null, make("strong", null, title), make("span", null, text)),
              ),
            ),
          ),
        ),
      ),
      tour(signal),
    ),
    make(
      "section",
      { class: "band", "aria-labelledby": "reads" },
      make("h2", { id: "reads" }, "What it reads"),
      make(
        "div",
        { class: "columns" },
        list("Reads well", "check", [
          "Digits 0 to 9 from any pen, chalk, brush or printer",
          "Dark on light and light on dark, pages turned by a few degrees",
          "Lines, columns, tables, forms with a box for each digit",
          "JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF, HEIC and PDF",
        ]),
        list("Does not read", "close", [
          "Letters, words and other scripts: they are left out",
          "Decimal points and minus signs: digits only",
          "Pages that stand on their head or lie on their side",
          "Writing that people cannot read either",
        ]),
      ),
    ),
    make(
      "section",
      { class: "band", "aria-labelledby": "pictures" },
      make("h2", { id: "pictures" }, "Good pictures, bad pictures"),
      make(
        "div",
        { class: "pairs" },
        PAIRS.map(({ name, title, good, bad, text }) =>
          make(
            "figure",
            { class: "pair" },
            make(
              "div",
              { class: "pair-pictures" },
              make("img", {
                src: `/static/pictures/${name}-good.webp`,
                alt: `Good: ${good}`,
                width: 480,
                height: 300,
                loading: "lazy",
              }),
              make("img", {
                src: `/static/pictures/${name}-bad.webp`,
                alt: `Bad: ${bad}`,
                width: 480,
                height: 300,
                loading: "lazy",
              }),
            ),
            make("figcaption", null, make("strong", null, title), make("p", null, text)),
          ),
        ),
      ),
    ),
  );
}

/**
 * @param {string} title
 * @param {"check" | "close"} mark
 * @param {string[]} items
 */
function list(title, mark, items) {
  return make(
    "div",
    { class: `list ${mark}` },
    make("h3", null, title),
    make(
      "ul",
      null,
      items.map((item) => make("li", null, icon(mark), make("span", null, item))),
    ),
  );
}
