/** The room in which a camera's video is read as it runs. */
import * as api from "../api.js";
import { centered, regionOf } from "../state/crop.js";
import * as state from "../state/live.js";
import { textOf } from "../state/reading.js";
import { cameraWords, socketWords } from "../state/words.js";
import { copyButton, speakButton } from "../ui/actions.js";
import { boxesOver } from "../ui/boxes.js";
import { CameraFailed, cameras, closeCamera, openCamera, showStream } from "../ui/camera.js";
import { cropOver } from "../ui/crop.js";
import { fill, make } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { trouble } from "../ui/notice.js";
import { readout } from "../ui/readout.js";
import { chooseCamera } from "./camera.js";

const IDEAL = { width: 640, height: 480 };
/** Frames are sent at most this wide: enough for digits that fill a good part of them. */
const WIDEST = 800;
const QUALITY = 0.8;
/** Cells are made anew at most this often, so that they can be pressed. */
const CELLS_MS = 400;

/** @param {import("../app.js").Context} context */
export function open({ main, signal, say }) {
  let live = state.IDLE;
  /** @type {MediaStream | null} */
  let stream = null;
  /** @type {WebSocket | null} */
  let socket = null;
  let attempts = 0;
  let size = { width: 0, height: 0 };
  /** @type {import("../state/crop.js").Rectangle} */
  let rectangle = { x0: 0, y0: 0, x1: 0, y1: 0 };
  let threshold = 0;
  let encoding = false;
  let said = "";
  let cellsAt = 0;
  let cellsText = "";
  let pressed = false;
  /**
   * The last frames that were sent, by number: digits are cut out of the frame that they were read in.
   *
   * @type {HTMLCanvasElement[]}
   */
  const frames = [];

  const video = make("video", { playsinline: true, "aria-label": "Picture of the camera" });
  video.muted = true;
  const boxes = make("div", { class: "boxes-place" });
  const steady = make("output", { class: "steady", "aria-label": "Steady reading" });
  const stage = make("div", { class: "stage" });
  const tools = make("div", { class: "toolbar" });
  const figures = make("dl", { class: "figures" });
  const result = make("section", { class: "result", "aria-label": "Reading" });
  const notices = make("div", { class: "notices" });
  main.append(
    make(
      "div",
      { class: "room-head" },
      make("h1", null, "Live"),
      make("p", null, "Hold numbers into the rectangle. The reading that most recent frames agree on is shown."),
    ),
    notices,
    stage,
    tools,
    figures,
    result,
  );
  result.addEventListener("pointerdown", () => {
    pressed = true;
  });
  window.addEventListener(
    "pointerup",
    () =>
      setTimeout(() => {
        pressed = false;
      }, 50),
    { signal },
  );
  signal.addEventListener("abort", stop);
  window.addEventListener("online", () => stream && !socket && connect(), { signal });
  idle();

  function idle() {
    fill(
      stage,
      make(
        "div",
        { class: "stage-empty" },
        icon("live"),
        make(
          "button",
          { type: "button", id: "start", class: "button primary", onclick: () => start(null) },
          "Start the camera",
        ),
        make("p", null, "Frames are sent to this server, read and forgotten."),
      ),
    );
    fill(tools);
    fill(figures);
    fill(result);
  }

  /** @param {string | null} id */
  async function start(id) {
    stop();
    fill(notices);
    try {
      stream = await openCamera(id, IDEAL);
      if (signal.aborted) return closeCamera(stream);
      await showStream(video, stream);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CameraFailed)) throw error;
      idle();
      fill(notices, trouble(error.words, { label: "Try again", act: () => start(id) }));
      return;
    }
    stream.getVideoTracks()[0]?.addEventListener("ended", () => {
      stop();
      idle();
      fill(notices, trouble(cameraWords("NotReadableError", true), { label: "Try again", act: () => start(null) }));
    });
    const scale = Math.min(1, WIDEST / video.videoWidth);
    size = { width: Math.round(video.videoWidth * scale), height: Math.round(video.videoHeight * scale) };
    rectangle = centered(size, 0.9, 0.6);
    const place = make("div", { class: "picture cropping" }, video, boxes);
    cropOver(place, {
      size,
      rectangle,
      label: "Part to read",
      onChange: (next) => {
        rectangle = next;
        control();
      },
    });
    fill(steady);
    fill(stage, place, steady);
    const known = await cameras();
    const slider = make("input", {
      type: "range",
      id: "threshold",
      min: 0,
      max: 99,
      step: 1,
      value: Math.round(threshold * 100),
    });
    const shown = make("output", { for: "threshold" }, `${slider.value} %`);
    slider.addEventListener("input", () => {
      threshold = slider.valueAsNumber / 100;
      shown.value = `${slider.value} %`;
      control();
    });
    fill(
      tools,
      make(
        "button",
        {
          type: "button",
          id: "stop",
          class: "button",
          onclick: () => {
            stop();
            idle();
          },
        },
        icon("pause"),
        "Stop",
      ),
      known.length > 1 && chooseCamera(known, stream.getVideoTracks()[0]?.getSettings().deviceId, start),
      make("label", { class: "slider", for: "threshold" }, "Accept from", slider, shown),
    );
    live = state.IDLE;
    attempts = 0;
    connect();
    nextFrame();
  }

  function stop() {
    closeCamera(stream);
    stream = null;
    const open = socket;
    socket = null;
    open?.close(1000);
    fill(boxes);
    cellsText = "";
  }

  function connect() {
    if (!stream || signal.aborted) return;
    const mine = api.openLive();
    socket = mine;
    mine.addEventListener("open", () => {
      attempts = 0;
      live = { ...state.IDLE, next: live.next, answered: live.answered };
      fill(notices);
      control();
    });
    mine.addEventListener("message", ({ data }) => {
      if (mine === socket) answer(JSON.parse(data));
    });
    mine.addEventListener("close", ({ code }) => {
      if (mine !== socket) return;
      socket = null;
      lost(code);
    });
  }

  /** @param {number} code */
  function lost(code) {
    const words = socketWords(code);
    fill(notices, trouble(words, { label: "Try now", act: connect }));
    fill(boxes);
    if (words.again) {
      setTimeout(() => {
        if (!socket) connect();
      }, state.retryDelay(attempts));
      attempts += 1;
    }
  }

  function control() {
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ type: "control", region: regionOf(rectangle, size), min_confidence: threshold }));
  }

  function nextFrame() {
    if (!stream || signal.aborted) return;
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => frame());
    else requestAnimationFrame(() => frame());
  }

  function frame() {
    nextFrame();
    const now = performance.now();
    if (encoding || socket?.readyState !== WebSocket.OPEN || document.hidden || !state.maySend(live, now)) return;
    const canvas = frames[live.next % 4] ?? (frames[live.next % 4] = make("canvas"));
    canvas.width = size.width;
    canvas.height = size.height;
    canvas.getContext("2d")?.drawImage(video, 0, 0, size.width, size.height);
    encoding = true;
    canvas.toBlob(
      async (blob) => {
        const picture = await blob?.arrayBuffer();
        encoding = false;
        if (!picture || socket?.readyState !== WebSocket.OPEN) return;
        socket.send(state.frameMessage(live.next, picture));
        live = state.sent(live, now);
      },
      "image/jpeg",
      QUALITY,
    );
  }

  /** @param {any} message */
  function answer(message) {
    if (message.type === "problem") {
      live = state.refused(live, message.frame);
      return;
    }
    live = state.received(live, message, performance.now());
    show();
  }

  function show() {
    const { document } = live;
    if (!document) return;
    const page = document.pages[0];
    fill(boxes, page && boxesOver(document, page, null, { pressable: false }));
    const fixed = state.isSteady(live.steady);
    steady.classList.toggle("fixed", fixed);
    fill(
      steady,
      make("strong", null, live.steady.text.replaceAll("\n", " · ") || "–"),
      make("span", null, state.steadyWords(live.steady)),
    );
    const latency = state.usualLatency(live);
    fill(
      figures,
      figure("Frames a second", live.rate.toFixed(1)),
      figure("Frame to answer", latency === null ? "–" : `${Math.round(latency)} ms`),
      figure("Steady for", `${live.steady.frames} frames`),
    );
    if (fixed && live.steady.text !== said) {
      said = live.steady.text;
      say(`Read: ${said}`);
    }
    showCells(document);
  }

  /**
   * @param {HTMLCanvasElement} frame
   * @returns {import("../ui/ink.js").Ground}
   */
  function groundOf(frame) {
    const region = rectangle && regionOf(rectangle, size);
    /** @type {import("../ui/ink.js").Explain} */
    const explain = async (question) => api.explainPicture(await encoded(frame), "frame.png", question, region);
    return { picture: frame, scale: 1, explain };
  }

  /** @param {import("../contract.js").Document} document */
  function showCells(document) {
    const now = performance.now();
    const text = textOf(document);
    if (pressed || window.document.querySelector("dialog[open]")) return;
    if (now - cellsAt < CELLS_MS || (!text && cellsText === "")) return;
    cellsAt = now;
    cellsText = text;
    const canvas = frames[live.answered % 4];
    const focusable = () => [...result.querySelectorAll("button")];
    const focused = focusable().findIndex((button) => button === window.document.activeElement);
    fill(
      result,
      text && readout(document, canvas ? groundOf(copied(canvas)) : null),
      text &&
        make(
          "div",
          { class: "actions" },
          speakButton(() => live.steady.text || text),
          copyButton(() => live.steady.text || text),
        ),
    );
    if (focused >= 0) focusable()[focused]?.focus({ preventScroll: true });
  }
}

/** @param {HTMLCanvasElement} canvas */
function copied(canvas) {
  const copy = make("canvas", { width: canvas.width, height: canvas.height });
  copy.getContext("2d")?.drawImage(canvas, 0, 0);
  return copy;
}

/**
 * @param {string} name
 * @param {string} value
 */
function figure(name, value) {
  return make("div", null, make("dt", null, name), make("dd", null, value));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob>}
 */
function encoded(canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the frame could not be encoded"))), "image/png");
  });
}
