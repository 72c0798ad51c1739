/** The page's icons: lines on a grid of 24, drawn in the color of the text. */
import { makeSvg } from "./dom.js";

const PATHS = {
  draw: "M4 20l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L8 19z M14 7l3 3",
  upload: "M12 15V4 M7.5 8.5 12 4l4.5 4.5 M4 15v3.5A1.5 1.5 0 0 0 5.5 20h13a1.5 1.5 0 0 0 1.5-1.5V15",
  camera:
    "M4 8.5A1.5 1.5 0 0 1 5.5 7H8l1.5-2.5h5L16 7h2.5A1.5 1.5 0 0 1 20 8.5v9a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5z M12 16a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4",
  live: "M4 7.5A1.5 1.5 0 0 1 5.5 6h8A1.5 1.5 0 0 1 15 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-8A1.5 1.5 0 0 1 4 16.5z M15 10.5 20 8v8l-5-2.5",
  performance: "M4 20h16 M7 20v-6 M12 20V8 M17 20V4",
  api: "M8.5 7 4 12l4.5 5 M15.5 7 20 12l-4.5 5",
  undo: "M8 5 4 9l4 4 M4 9h10a5.5 5.5 0 0 1 0 11h-3",
  redo: "M16 5l4 4-4 4 M20 9H10a5.5 5.5 0 0 0 0 11h3",
  clear: "M5 7h14 M10 7V4.5h4V7 M7 7l.8 12.5h8.4L17 7 M10.5 11v5 M13.5 11v5",
  copy: "M9 9V5.5A1.5 1.5 0 0 1 10.5 4h8A1.5 1.5 0 0 1 20 5.5v8a1.5 1.5 0 0 1-1.5 1.5H15 M4 10.5A1.5 1.5 0 0 1 5.5 9h8a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-8A1.5 1.5 0 0 1 4 18.5z",
  check: "M5 12.5 10 17.5 19.5 7",
  speak: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z M15.5 9a4.2 4.2 0 0 1 0 6 M18 6.5a7.8 7.8 0 0 1 0 11",
  save: "M12 4v11 M7.5 10.5 12 15l4.5-4.5 M4 19.5h16",
  crop: "M7 3v14h14 M3 7h14v14",
  close: "M6 6l12 12 M18 6 6 18",
  play: "M8 5v14l11-7z",
  pause: "M8 5v14 M16 5v14",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8 M12 2.5v2 M12 19.5v2 M2.5 12h2 M19.5 12h2 M5.3 5.3l1.4 1.4 M17.3 17.3l1.4 1.4 M18.7 5.3l-1.4 1.4 M6.7 17.3l-1.4 1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5",
  auto: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17 M12 3.5v17 M14.8 4.2v15.6 M17.6 6v12",
  warning: "M12 4 2.8 19.5h18.4z M12 10v4.5 M12 17v.2",
  notice: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17 M12 11v5.5 M12 7.8v.2",
  again: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3 M19.5 3.5v4h-4",
  leave: "M10 4.5H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.5h4 M15 8l4 4-4 4 M19 12H9.5",
  file: "M6 3.5h8l4.5 4.5v12.5H6z M14 3.5V8h4.5",
};

/**
 * @param {keyof typeof PATHS} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  return makeSvg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, [
    makeSvg("path", { d: PATHS[name] }),
  ]);
}
