/**
 * The guided tour: a pen writes, boxes appear, the numbers follow. What is shown is read by the server as it plays.
 *
 * @typedef {import("../contract.js").Document} Document
 * @typedef {{name: string, text: string, width: number, height: number, strokes: import("../state/strokes.js").Point[][]}} Scene
 */
import * as api from "../api.js";
import { boxesOver } from "./boxes.js";
import { fill, make } from "./dom.js";
import { icon } from "./icons.js";
import { trouble } from "./notice.js";
import { drawStroke, fitCanvas, inkColor } from "./pen.js";
import { readout } from "./readout.js";

/** @type {Record<string, string>} */
const CAPTIONS = {
  plain: "A number is written, every digit is found and read.",
  apart: "A clear gap makes two numbers.",
  hasty: "Where writing is hasty, the doubt is shown. Press a digit to see it.",
};
const PEN_WIDTH = 8;
const LOOKING_MS = 4200;
const BOXES_MS = 500;
/** How much of the paper the writing takes. */
const ACROSS = 0.8;
const DOWN = 0.5;

/**
 * @param {AbortSignal} signal when the tour ends
 * @returns {HTMLElement}
 */
export function tour(signal) {
  const canvas = make("canvas", { class: "sheet", role: "img", "aria-label": "A pen writes numbers" });
  const boxes = make("div", { class: "boxes-place" });
  const paper = make("div", { class: "paper" }, canvas, boxes);
  const reading = make("div", { class: "tour-reading" });
  const caption = make("p", { class: "tour-caption" });
  const toggle = make("button", { type: "button", class: "button small", onclick: () => (playing ? stop() : play()) });
  const dots = make("span", { class: "dots", "aria-hidden": "true" });
  const made = make(
    "section",
    { class: "tour", "aria-label": "Guided tour" },
    paper,
    reading,
    make("div", { class: "tour-foot" }, caption, dots, toggle),
  );

  /** @type {Scene[]} */
  let scenes = [];
  /** @type {Map<Scene, Document>} */
  const documents = new Map();
  let current = 0;
  let playing = false;
  let clock = 0;
  let last = 0;
  let stage = "";
  let size = { width: 0, height: 0 };
  /** @type {CanvasRenderingContext2D} */
  let context;
  let dense = 1;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const watcher = new ResizeObserver(() => {
    if (paper.clientWidth === size.width && paper.clientHeight === size.height) return;
    size = { width: paper.clientWidth, height: paper.clientHeight };
    ({ context, dense } = fitCanvas(canvas, size.width, size.height));
    stage = "";
    if (scenes.length) paint();
  });
  watcher.observe(paper);
  signal.addEventListener("abort", () => watcher.disconnect());
  window.addEventListener("themechange", () => scenes.length && paint(), { signal });
  begin();
  return made;

  async function begin() {
    label();
    try {
      scenes = (await (await fetch("/static/tour.json", { signal })).json()).scenes;
      fill(
        dots,
        scenes.map(() => make("i")),
      );
      for (const scene of scenes) {
        documents.set(scene, await api.readStrokes({ strokes: scene.strokes }, signal));
        if (scene === scenes[0]) show(0);
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure =
        error instanceof api.RequestFailed ? error : new api.RequestFailed({ status: 0, code: "Offline" });
      fill(reading, trouble(failure.words, { label: "Try again", act: begin }));
    }
  }

  /** @param {number} index */
  function show(index) {
    current = index;
    stage = "";
    clock = 0;
    fill(reading);
    fill(boxes);
    fill(caption, CAPTIONS[scenes[index].name]);
    [...dots.children].forEach((dot, place) => dot.classList.toggle("on", place === index));
    if (calm.matches) {
      clock = Number.POSITIVE_INFINITY;
      paint();
      stop();
    } else play();
  }

  function play() {
    if (calm.matches && scenes.length) return show((current + 1) % scenes.length);
    playing = true;
    last = performance.now();
    label();
    requestAnimationFrame(step);
  }

  function stop() {
    playing = false;
    label();
  }

  function label() {
    if (playing) fill(toggle, icon("pause"), "Pause");
    else fill(toggle, icon("play"), calm.matches ? "Next" : "Play");
  }

  /** @param {number} now */
  function step(now) {
    if (!playing || signal.aborted) return;
    // A chart that is open holds the tour, and a page that was hidden does not catch up.
    if (!document.querySelector("dialog[open]")) clock += Math.min(100, now - last);
    last = now;
    paint();
    const next = scenes[(current + 1) % scenes.length];
    if (clock > writingTime() + LOOKING_MS && documents.has(next)) return show((current + 1) % scenes.length);
    requestAnimationFrame(step);
  }

  function writingTime() {
    const strokes = scenes[current].strokes;
    const stroke = strokes[strokes.length - 1];
    return stroke[stroke.length - 1][2];
  }

  function place() {
    const scene = scenes[current];
    const scale = Math.min((size.width * ACROSS) / scene.width, (size.height * DOWN) / scene.height);
    return { scale, dx: (size.width - scene.width * scale) / 2, dy: (size.height - scene.height * scale) / 2 };
  }

  function paint() {
    if (!context) return;
    const scene = scenes[current];
    const { scale, dx, dy } = place();
    context.clearRect(0, 0, size.width, size.height);
    const color = inkColor();
    for (const points of scene.strokes) {
      const visible = points.filter(([, , t]) => t <= clock);
      if (!visible.length) break;
      const moved = visible.map(
        ([x, y, t, pressure]) =>
          /** @type {import("../state/strokes.js").Point} */ ([
            x * scale + dx,
            y * scale + dy,
            t,
            0.5 + (pressure - 0.5) * 0.3,
          ]),
      );
      drawStroke(context, { points: moved, width: Math.max(3, PEN_WIDTH * scale) }, color);
    }
    const document = documents.get(scene);
    if (!document || clock < writingTime()) return;
    if (stage === "" || clock === Number.POSITIVE_INFINITY) {
      stage = "boxes";
      // The boxes are in units of the strokes; the paper is as large as this in those units.
      const paperSize = { width: size.width / scale, height: size.height / scale };
      const layer = boxesOver(shifted(document, dx / scale, dy / scale), paperSize, null, { pressable: false });
      [...layer.children].forEach((box, order) =>
        /** @type {HTMLElement} */ (box).style.setProperty("--order", String(order)),
      );
      layer.classList.add("animated");
      fill(boxes, layer);
    }
    if (stage === "boxes" && clock > writingTime() + BOXES_MS) {
      stage = "read";
      const ground = { picture: still(), scale: dense };
      fill(reading, readout(onPaper(document, scale, dx, dy), ground, { animated: !calm.matches }));
    }
  }

  /** The paper as it is now: the canvas itself is written on again while the reading still stands. */
  function still() {
    const copy = make("canvas", { width: canvas.width, height: canvas.height });
    copy.getContext("2d")?.drawImage(canvas, 0, 0);
    return copy;
  }
}

/**
 * @param {Document} document
 * @param {number} dx
 * @param {number} dy
 */
function shifted(document, dx, dy) {
  return onPaper(document, 1, dx, dy);
}

/**
 * The document with its digits' boxes scaled, then moved.
 *
 * @param {Document} document
 * @param {number} scale
 * @param {number} dx
 * @param {number} dy
 * @returns {Document}
 */
function onPaper(document, scale, dx, dy) {
  return {
    ...document,
    pages: document.pages.map((page) => ({
      ...page,
      lines: page.lines.map((line) => ({
        ...line,
        numbers: line.numbers.map((number) => ({
          ...number,
          digits: number.digits.map((digit) => {
            const [x0, y0, x1, y1] = digit.box;
            return { ...digit, box: [x0 * scale + dx, y0 * scale + dy, x1 * scale + dx, y1 * scale + dy] };
          }),
        })),
      })),
    })),
  };
}
