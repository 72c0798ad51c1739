/** The room in which numbers are written by hand and read while they are written. */
import * as api from "../api.js";
import * as drawing from "../state/strokes.js";
import * as pace from "../state/pace.js";
import { problemOf, summary, textOf } from "../state/reading.js";
import { copyButton, speakButton } from "../ui/actions.js";
import { boxesOver } from "../ui/boxes.js";
import { fill, make } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { remark, trouble } from "../ui/notice.js";
import { drawStroke, fitCanvas, inkColor } from "../ui/pen.js";
import { readout } from "../ui/readout.js";

/** While a stroke is being drawn it is read this often; when the pen leaves, at once. */
const WHILE_DRAWING_MS = 250;
const PEN_WIDTH = 7;

/** @param {import("../app.js").Context} context */
export function open({ main, signal, say }) {
  // The lab sends people here to try what they trained.
  const trained = new URLSearchParams(location.search).get("network") === "trained";
  let state = drawing.EMPTY;
  let rhythm = pace.REST;
  let version = 0;
  let width = PEN_WIDTH;
  /** @type {number | null} */
  let pointer = null;
  /** @type {number | undefined} */
  let timer;
  let text = "";
  let size = { width: 0, height: 0 };
  /** @type {CanvasRenderingContext2D} */
  let context;
  let dense = 1;

  const canvas = make("canvas", { class: "sheet", role: "img", "aria-label": "Paper to write on", tabindex: "0" });
  const boxes = make("div", { class: "boxes-place" });
  const hint = make("p", { class: "hint", "aria-hidden": "true" }, "Write a number here");
  const paper = make("div", { class: "paper" }, canvas, boxes, hint);
  const undo = make(
    "button",
    { type: "button", class: "button", onclick: () => change(drawing.undo(state)) },
    icon("undo"),
    make("span", { class: "label" }, "Undo"),
  );
  const redo = make(
    "button",
    { type: "button", class: "button", onclick: () => change(drawing.redo(state)) },
    icon("redo"),
    make("span", { class: "label" }, "Redo"),
  );
  const clear = make(
    "button",
    { type: "button", class: "button", onclick: () => change(drawing.clear(state)) },
    icon("clear"),
    make("span", { class: "label" }, "Clear"),
  );
  const pen = make("input", { type: "range", id: "pen-width", min: 2, max: 20, step: 1, value: PEN_WIDTH });
  const example = make(
    "button",
    { type: "button", class: "button plain", onclick: showExample },
    icon("play"),
    "Show me",
  );
  const result = make("section", { class: "result", "aria-label": "Reading" });

  main.append(
    make(
      "div",
      { class: "room-head" },
      make("h1", null, "Draw"),
      make("p", null, "Write as you would on paper: several numbers, several lines. They are read while you write."),
      trained &&
        make(
          "p",
          { class: "trained" },
          "Read by the network that was trained in the lab. ",
          make("a", { href: "/draw" }, "Use the bundled one"),
        ),
    ),
    paper,
    make(
      "div",
      { class: "toolbar tight", role: "toolbar", "aria-label": "Drawing tools" },
      undo,
      redo,
      clear,
      make("label", { class: "slider", for: "pen-width" }, "Pen", pen),
      example,
    ),
    result,
  );
  empty();
  refreshTools();

  pen.addEventListener("input", () => {
    width = pen.valueAsNumber;
  });
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", cancel);
  window.addEventListener("keydown", key, { signal });
  window.addEventListener("themechange", redraw, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
  const watcher = new ResizeObserver(fit);
  watcher.observe(paper);
  signal.addEventListener("abort", () => {
    watcher.disconnect();
    clearTimeout(timer);
  });

  function fit() {
    const { clientWidth, clientHeight } = paper;
    if (clientWidth === size.width && clientHeight === size.height) return;
    size = { width: clientWidth, height: clientHeight };
    ({ context, dense } = fitCanvas(canvas, size.width, size.height));
    redraw();
  }

  function redraw() {
    if (!context) return;
    context.clearRect(0, 0, size.width, size.height);
    const color = inkColor();
    for (const stroke of drawing.allStrokes(state)) drawStroke(context, stroke, color);
  }

  /**
   * @param {PointerEvent} event
   * @returns {import("../state/strokes.js").Point}
   */
  function point(event) {
    const { left, top } = canvas.getBoundingClientRect();
    const pressure = event.pointerType === "pen" && event.pressure > 0 ? event.pressure : 0.5;
    return [event.clientX - left, event.clientY - top, event.timeStamp, pressure];
  }

  /** @param {PointerEvent} event */
  function down(event) {
    if (event.button !== 0) return;
    if (pointer !== null) {
      // A hand that rests on the screen gives way to the pen.
      if (event.pointerType !== "pen") return;
      state = drawing.abandon(state);
      redraw();
    }
    pointer = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
    state = drawing.begin(state, point(event), width);
    hint.hidden = true;
    drawCurrent(0);
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  function move(event) {
    if (event.pointerId !== pointer || !state.current) return;
    const before = state.current.points.length;
    const events = event.getCoalescedEvents?.() ?? [];
    state = drawing.extend(state, (events.length ? events : [event]).map(point));
    if (state.current && state.current.points.length > before) {
      drawCurrent(before);
      timer ??= setTimeout(changed, WHILE_DRAWING_MS);
    }
  }

  /** @param {PointerEvent} event */
  function up(event) {
    if (event.pointerId !== pointer) return;
    pointer = null;
    change(drawing.finish(state), false);
  }

  /** @param {PointerEvent} event */
  function cancel(event) {
    if (event.pointerId !== pointer) return;
    pointer = null;
    change(drawing.abandon(state));
  }

  /** @param {number} from */
  function drawCurrent(from) {
    if (state.current) drawStroke(context, state.current, inkColor(), from);
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (document.querySelector("dialog[open]")) return;
    const command = event.ctrlKey || event.metaKey;
    const name = event.key.toLowerCase();
    if (command && (name === "y" || (name === "z" && event.shiftKey))) change(drawing.redo(state));
    else if (command && name === "z") change(drawing.undo(state));
    else if (event.target === canvas && (name === "delete" || name === "backspace")) change(drawing.clear(state));
    else return;
    event.preventDefault();
  }

  /**
   * @param {import("../state/strokes.js").Drawing} next
   * @param {boolean} [anew] whether the canvas shows something else than before
   */
  function change(next, anew = true) {
    state = next;
    if (anew) redraw();
    refreshTools();
    changed();
  }

  function refreshTools() {
    undo.disabled = state.past.length === 0;
    redo.disabled = state.future.length === 0;
    clear.disabled = drawing.isEmpty(state);
    hint.hidden = !drawing.isEmpty(state);
  }

  function changed() {
    clearTimeout(timer);
    timer = undefined;
    version += 1;
    canvas.dataset.version = String(version);
    rhythm = pace.want(rhythm, version);
    read();
  }

  async function read() {
    if (!pace.isDue(rhythm) || signal.aborted) return;
    rhythm = pace.ask(rhythm);
    const asked = String(rhythm.asking);
    const strokes = drawing.allStrokes(state);
    try {
      const request = drawing.requestOf(strokes);
      const document = strokes.length ? await api.readStrokes(request, signal, trained) : null;
      result.dataset.version = asked; // of the drawing that the reading is of
      if (document) show(document, request);
      else empty();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof api.RequestFailed)) throw error;
      fill(boxes);
      fill(result, trouble(error.words, { label: "Try again", act: changed }));
    }
    rhythm = pace.answer(rhythm);
    read();
  }

  function empty() {
    text = "";
    fill(boxes);
    fill(result, make("p", { class: "empty" }, "The numbers appear here, each digit with how sure the reading is."));
  }

  /**
   * @param {import("../contract.js").Document} document
   * @param {ReturnType<typeof drawing.requestOf>} request that it is the answer to
   */
  function show(document, request) {
    if (drawing.isEmpty(state)) return empty();
    /** @type {import("../ui/ink.js").Explain | undefined} */
    const explain = trained ? undefined : (question) => api.explainStrokes(request, question);
    const ground = { picture: canvas, scale: dense, explain };
    text = textOf(document);
    const problem = problemOf(document);
    fill(boxes, boxesOver(document, size, ground, { pressable: false }));
    fill(
      result,
      text
        ? readout(document, ground)
        : remark(problem ?? "Nothing was read", "Write larger, or lift the pen between digits."),
      text &&
        make(
          "div",
          { class: "actions" },
          speakButton(() => text),
          copyButton(() => text),
          make("span", { class: "aside" }, summary(document)),
        ),
    );
    if (!state.current) say(text ? `Read: ${text}` : (problem ?? "No numbers"));
  }

  /** Writes an example stroke by stroke: for those who want to see it first, or cannot hold a pen. */
  async function showExample() {
    example.disabled = true;
    try {
      const { scenes } = await (await fetch("/static/tour.json", { signal })).json();
      const scene = scenes[1];
      const scale = Math.min((size.width * 0.8) / scene.width, (size.height * 0.5) / scene.height);
      const dx = (size.width - scene.width * scale) / 2;
      const dy = (size.height - scene.height * scale) / 2;
      change(drawing.clear(state));
      for (const stroke of scene.strokes) {
        /** @type {import("../state/strokes.js").Point[]} */
        const points = stroke.map((/** @type {number[]} */ [x, y, t, p]) => [x * scale + dx, y * scale + dy, t, p]);
        state = drawing.extend(drawing.begin(state, points[0], width), points.slice(1));
        change(drawing.finish(state));
        await new Promise((resolve) => setTimeout(resolve, 180));
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      fill(
        result,
        trouble(new api.RequestFailed({ status: 0, code: "Offline" }).words, { label: "Try again", act: showExample }),
      );
    } finally {
      example.disabled = false;
    }
  }
}
