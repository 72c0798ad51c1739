/**
 * A rectangle that people move and resize over a picture, by mouse, touch or keyboard.
 *
 * @typedef {import("../state/crop.js").Rectangle} Rectangle
 * @typedef {import("../state/crop.js").Size} Size
 */
import { HANDLES, described, keyed, moved, resized } from "../state/crop.js";
import { make } from "./dom.js";

const LEAST = 12;

/**
 * Lays the rectangle over `over`, which is positioned and shows the picture from edge to edge.
 *
 * @param {HTMLElement} over
 * @param {{size: Size, rectangle: Rectangle, label: string, onChange: (rectangle: Rectangle) => void}} options
 * @returns {{set: (rectangle: Rectangle) => void, remove: () => void}}
 */
export function cropOver(over, { size, rectangle, label, onChange }) {
  let current = rectangle;
  const frame = make("div", {
    class: "crop-frame",
    tabindex: "0",
    role: "group",
    "aria-roledescription": "rectangle",
    "aria-description": "Arrow keys move it, Shift and arrow keys resize it.",
  });
  for (const handle of HANDLES) frame.append(make("span", { class: `handle ${handle}`, "data-handle": handle }));
  const layer = make("div", { class: "crop" }, frame);
  over.append(layer);

  /** @type {{pointer: number, handle: import("../state/crop.js").Handle | null, x: number, y: number, from: Rectangle} | null} */
  let drag = null;

  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const handle = /** @type {import("../state/crop.js").Handle | undefined} */ (target.dataset.handle) ?? null;
    drag = { pointer: event.pointerId, handle, x: event.clientX, y: event.clientY, from: current };
    frame.setPointerCapture(event.pointerId);
    frame.focus({ preventScroll: true });
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const shown = layer.getBoundingClientRect();
    const dx = ((event.clientX - drag.x) * size.width) / shown.width;
    const dy = ((event.clientY - drag.y) * size.height) / shown.height;
    change(drag.handle ? resized(drag.from, drag.handle, dx, dy, size, LEAST) : moved(drag.from, dx, dy, size));
  });
  const end = () => {
    drag = null;
  };
  frame.addEventListener("pointerup", end);
  frame.addEventListener("pointercancel", end);
  frame.addEventListener("keydown", (event) => {
    const next = keyed(current, event.key, event.shiftKey, size, LEAST);
    if (!next) return;
    event.preventDefault();
    change(next);
  });
  show();

  /** @param {Rectangle} next */
  function change(next) {
    current = next;
    show();
    onChange(next);
  }

  function show() {
    const { style } = frame;
    style.left = `${(current.x0 / size.width) * 100}%`;
    style.top = `${(current.y0 / size.height) * 100}%`;
    style.width = `${((current.x1 - current.x0) / size.width) * 100}%`;
    style.height = `${((current.y1 - current.y0) / size.height) * 100}%`;
    frame.setAttribute("aria-label", `${label}: ${described(current, size)}`);
  }

  return {
    set(next) {
      current = next;
      show();
    },
    remove: () => layer.remove(),
  };
}
