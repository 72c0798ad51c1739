/** The room in which a photograph is taken, cropped and read. */
import * as api from "../api.js";
import { centered, regionOf } from "../state/crop.js";
import { problemOf, summary, textOf } from "../state/reading.js";
import { copyButton, speakButton } from "../ui/actions.js";
import { CameraFailed, cameras, closeCamera, openCamera, showStream } from "../ui/camera.js";
import { fill, make } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { remark, trouble } from "../ui/notice.js";
import { croppedPictureView, decoded, readPictureView, sizeOf } from "../ui/picture.js";
import { readout } from "../ui/readout.js";

/** What the server is told that the photograph is called. */
const NAME = "photograph.jpg";
const IDEAL = { width: 1920, height: 1080 };

/** @param {import("../app.js").Context} context */
export function open({ main, signal, say }) {
  /** @type {MediaStream | null} */
  let stream = null;
  /** @type {HTMLCanvasElement | HTMLImageElement | null} */
  let still = null;
  /** @type {Blob | null} */
  let photograph = null;
  /** @type {import("../state/crop.js").Rectangle | null} */
  let rectangle = null;

  const video = make("video", { playsinline: true, muted: true, "aria-label": "Picture of the camera" });
  video.muted = true;
  const stage = make("div", { class: "stage" });
  const tools = make("div", { class: "toolbar" });
  const result = make("section", { class: "result", "aria-label": "Reading" });
  const chooser = make("input", {
    type: "file",
    id: "photograph",
    class: "unseen",
    accept: "image/*",
    capture: "environment",
  });
  const instead = make("label", { class: "button", for: "photograph" }, icon("upload"), "Choose a picture");
  chooser.addEventListener("change", async () => {
    const file = chooser.files?.[0];
    if (!file) return;
    const image = await decoded(file, "Your photograph");
    if (image) hold(image, file);
    else
      fill(
        result,
        trouble({ title: "This file is no picture", text: "Choose a photograph, or use Upload for other kinds." }),
      );
    chooser.value = "";
  });
  main.append(
    make(
      "div",
      { class: "room-head" },
      make("h1", null, "Camera"),
      make("p", null, "Take a photograph of the numbers. Come close, and keep your shadow off the page."),
    ),
    stage,
    tools,
    chooser,
    result,
  );
  signal.addEventListener("abort", () => closeCamera(stream));
  closed();

  function closed() {
    fill(
      stage,
      make(
        "div",
        { class: "stage-empty" },
        icon("camera"),
        make("button", { type: "button", class: "button primary", onclick: () => start(null) }, "Open the camera"),
        make("p", null, "The picture stays on this device until you press Read."),
      ),
    );
    fill(tools, instead);
    fill(result);
  }

  /** @param {string | null} id */
  async function start(id) {
    closeCamera(stream);
    try {
      stream = await openCamera(id, IDEAL);
      if (signal.aborted) return closeCamera(stream);
      await showStream(video, stream);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CameraFailed)) throw error;
      closed();
      fill(result, trouble(error.words, { label: "Try again", act: () => start(id) }));
      return;
    }
    const known = await cameras();
    const current = stream.getVideoTracks()[0]?.getSettings().deviceId;
    fill(stage, make("div", { class: "picture" }, video));
    fill(
      tools,
      make(
        "button",
        { type: "button", id: "take", class: "button primary", onclick: take },
        icon("camera"),
        "Take photograph",
      ),
      known.length > 1 && chooseCamera(known, current, start),
      instead,
    );
    fill(
      result,
      make("p", { class: "empty" }, "The numbers appear here once you have taken a photograph and read it."),
    );
  }

  function take() {
    const canvas = make("canvas", {
      width: video.videoWidth,
      height: video.videoHeight,
      role: "img",
      "aria-label": "Your photograph",
    });
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    canvas.toBlob((blob) => blob && hold(canvas, blob), "image/jpeg", 0.95);
  }

  /**
   * @param {HTMLCanvasElement | HTMLImageElement} picture
   * @param {Blob} blob
   */
  function hold(picture, blob) {
    closeCamera(stream);
    stream = null;
    still = picture;
    photograph = blob;
    rectangle = centered(sizeOf(picture), 0.94, 0.94);
    edit();
    /** @type {HTMLElement | null} */ (tools.querySelector(".primary"))?.focus();
  }

  function edit() {
    if (!still || !rectangle) return;
    fill(
      stage,
      croppedPictureView(still, rectangle, (next) => {
        rectangle = next;
      }),
    );
    tool("Read numbers", read);
    fill(
      result,
      make("p", { class: "empty" }, "Only what is in the rectangle is read. Drag its corners to the numbers."),
    );
  }

  /**
   * @param {string} label
   * @param {() => void} act
   * @param {boolean} [disabled]
   */
  function tool(label, act, disabled = false) {
    fill(
      tools,
      make("button", { type: "button", id: "read", class: "button primary", disabled, onclick: act }, label),
      make(
        "button",
        { type: "button", id: "again", class: "button", onclick: () => start(null) },
        icon("again"),
        "Take another",
      ),
      instead,
    );
  }

  async function read() {
    if (!still || !photograph) return;
    tool("Reading …", read, true);
    const region = rectangle && regionOf(rectangle, sizeOf(still));
    try {
      const picture = photograph;
      const document = await api.readPicture(picture, NAME, { region, signal });
      show(document, (question) => api.explainPicture(picture, NAME, question, region));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof api.RequestFailed)) throw error;
      tool("Read numbers", read);
      fill(result, trouble(error.words, { label: "Try again", act: read }));
    }
  }

  /**
   * @param {import("../contract.js").Document} document
   * @param {import("../ui/ink.js").Explain} explain
   */
  function show(document, explain) {
    if (!still) return;
    const text = textOf(document);
    const ground = { picture: still, scale: sizeOf(still).width / document.pages[0].width, explain };
    fill(stage, readPictureView(still, document, explain));
    tool("Crop again", edit);
    fill(
      result,
      text ? readout(document, ground) : remark(problemOf(document) ?? "No numbers", "Come closer, or use more light."),
      text &&
        make(
          "div",
          { class: "actions" },
          speakButton(() => text),
          copyButton(() => text),
          make("span", { class: "aside" }, summary(document)),
        ),
    );
    say(text ? `Read: ${text}` : "No numbers");
  }
}

/**
 * @param {{id: string, name: string}[]} known
 * @param {string | undefined} current
 * @param {(id: string) => void} choose
 */
export function chooseCamera(known, current, choose) {
  const list = make(
    "select",
    { "aria-label": "Camera" },
    known.map(({ id, name }) => make("option", { value: id, selected: id === current }, name)),
  );
  list.addEventListener("change", () => choose(list.value));
  return list;
}
