/** The room in which pictures and documents are chosen, cropped and read, many at once. */
import * as api from "../api.js";
import { centered, regionOf, whole } from "../state/crop.js";
import { byteSize, counts, problemOf, summary, textOf } from "../state/reading.js";
import { documentsFile, joinedTables } from "../state/save.js";
import * as state from "../state/uploads.js";
import { unzip, zipOf } from "../state/zip.js";
import { copyButton, save, speakButton } from "../ui/actions.js";
import { fill, make } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { remark, trouble } from "../ui/notice.js";
import { croppedPictureView, decoded, drawnPagesView, readPictureView, sizeOf, thumbnail } from "../ui/picture.js";
import { readout } from "../ui/readout.js";

/** Until the server says what it takes. */
const ASSUMED = { maxBytes: 20e6, mediaTypes: ["image/*", "application/pdf"], suffixes: [] };
/** Files on their way at once. */
const AT_ONCE = 2;

/**
 * @typedef {{file: File, image: HTMLImageElement | null, small: HTMLCanvasElement | null, drawn: Blob[] | null}} Held
 *   what belongs to a file and is no data
 */

/** @param {import("../app.js").Context} context */
export function open({ main, signal, say }) {
  let uploads = state.NONE;
  /** @type {state.Limits} */
  let limits = ASSUMED;
  /** @type {Map<number, Held>} */
  const held = new Map();
  let cropping = false;
  let saving = false;
  /** @type {import("../state/words.js").Words | null} */
  let failure = null;

  const chooser = make("input", {
    type: "file",
    id: "chooser",
    multiple: true,
    class: "unseen",
    accept: state.acceptOf(limits),
  });
  const drop = make(
    "div",
    { class: "drop" },
    make("label", { class: "button primary", for: "chooser" }, icon("upload"), "Choose pictures"),
    chooser,
    make("p", null, "or drop them here, or paste one. Photographs, scans and PDFs."),
  );
  const desk = make("div", { class: "desk", hidden: true });
  main.append(
    make(
      "div",
      { class: "room-head" },
      make("h1", null, "Upload"),
      make(
        "p",
        null,
        "Several pictures or documents at once. Crop to the part that matters if there is much else on them.",
      ),
    ),
    drop,
    desk,
  );

  chooser.addEventListener("change", () => {
    add([...(chooser.files ?? [])]);
    chooser.value = "";
  });
  window.addEventListener(
    "paste",
    (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) add(files);
    },
    { signal },
  );
  let depth = 0;
  const over = (/** @type {boolean} */ on) => drop.classList.toggle("over", on);
  window.addEventListener("dragenter", () => over((depth += 1) > 0), { signal });
  window.addEventListener("dragleave", () => over((depth -= 1) > 0), { signal });
  window.addEventListener("dragover", (event) => event.preventDefault(), { signal });
  window.addEventListener(
    "drop",
    (event) => {
      event.preventDefault();
      over(false);
      depth = 0;
      add([...(event.dataTransfer?.files ?? [])]);
    },
    { signal },
  );
  signal.addEventListener("abort", () => held.forEach(forget));
  api.limits().then(
    (known) => {
      limits = known;
      chooser.accept = state.acceptOf(known);
    },
    () => {}, // reading says what is wrong, with words and a way on
  );

  /** @param {File[]} files */
  async function add(files) {
    if (!files.length) return;
    const first = uploads.next;
    files.forEach((file, index) => held.set(first + index, { file, image: null, small: null, drawn: null }));
    uploads = state.added(uploads, files, limits);
    if (!cropping) uploads = state.chosen(uploads, first);
    render();
    for (let id = first; id < first + files.length; id += 1) {
      const one = held.get(id);
      if (!one || one.file.size > limits.maxBytes) continue;
      one.image = await decoded(one.file, one.file.name);
      if (one.image) one.small = thumbnail(one.image);
      if (signal.aborted) return;
      render();
    }
  }

  /** @param {Held} one */
  function forget({ image }) {
    if (image) URL.revokeObjectURL(image.src);
  }

  /** @param {state.Upload} upload */
  function regionFor(upload) {
    const image = held.get(upload.id)?.image;
    return upload.crop && image ? regionOf(upload.crop, sizeOf(image)) : null;
  }

  async function readAll() {
    cropping = false;
    failure = null;
    await Promise.all(Array.from({ length: AT_ONCE }, readNext));
    const read = uploads.uploads.filter((upload) => upload.document);
    say(
      read
        .map((upload) => `${upload.name}: ${upload.document ? textOf(upload.document) || "no numbers" : ""}`)
        .join(". "),
    );
  }

  async function readNext() {
    for (;;) {
      const upload = state.pending(uploads)[0];
      const one = upload && held.get(upload.id);
      if (!upload || !one || signal.aborted) return;
      await readOne(upload, one);
    }
  }

  /**
   * @param {state.Upload} upload
   * @param {Held} one
   */
  async function readOne(upload, one) {
    change(upload.id, { stage: "sending", progress: 0 });
    try {
      const document = await api.readPicture(one.file, upload.name, {
        region: regionFor(upload),
        signal,
        onProgress: (share) => change(upload.id, { progress: share, stage: share < 1 ? "sending" : "reading" }),
      });
      // What the browser cannot show, or only the first page of, the server draws.
      if (!one.image || document.pages.length > 1) {
        one.drawn = await pagesOf(
          await api.readAs([{ picture: one.file, name: upload.name }], "image/png", regionFor(upload)),
        );
      }
      change(upload.id, { stage: "done", document });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof api.RequestFailed)) throw error;
      change(upload.id, { stage: "failed", words: error.words });
    }
  }

  /**
   * @param {number} id
   * @param {Partial<state.Upload>} next
   */
  function change(id, next) {
    uploads = state.changed(uploads, id, next);
    render();
  }

  function render() {
    if (signal.aborted) return;
    const focused = document.activeElement?.id;
    drop.classList.toggle("compact", uploads.uploads.length > 0);
    desk.hidden = uploads.uploads.length === 0;
    const shown = state.shown(uploads);
    fill(desk, bar(), strip(), shown && view(shown));
    if (focused) document.getElementById(focused)?.focus();
  }

  function bar() {
    const waiting = state.pending(uploads).length;
    return make(
      "div",
      { class: "toolbar desk-bar" },
      make(
        "button",
        {
          type: "button",
          id: "read",
          class: "button primary",
          disabled: waiting === 0 || state.isBusy(uploads),
          onclick: readAll,
        },
        waiting > 1 ? `Read ${waiting} files` : "Read numbers",
      ),
      make(
        "button",
        { type: "button", id: "clear", class: "button", disabled: state.isBusy(uploads), onclick: clear },
        icon("clear"),
        "Clear",
      ),
      make("span", { class: "aside", id: "progress" }, state.progressWords(uploads)),
    );
  }

  function clear() {
    held.forEach(forget);
    held.clear();
    uploads = { ...state.NONE, next: uploads.next };
    cropping = false;
    failure = null;
    render();
    chooser.focus();
  }

  function strip() {
    return make(
      "ul",
      { class: "strip", "aria-label": "Files" },
      uploads.uploads.map((upload) => {
        const one = held.get(upload.id);
        const progress = make("span", { class: "progress", "aria-hidden": "true" });
        progress.style.width = `${upload.stage === "done" ? 100 : Math.round(upload.progress * 90)}%`;
        return make(
          "li",
          { class: `thumb ${upload.stage}` },
          make(
            "button",
            {
              type: "button",
              id: `file-${upload.id}`,
              class: "thumb-choose",
              "aria-pressed": String(upload.id === uploads.chosen),
              "aria-label": `${upload.name}, ${stageWords(upload)}`,
              title: upload.name,
              onclick: () => choose(upload.id),
            },
            make(
              "span",
              { class: "thumb-picture" },
              one?.small ?? icon(upload.stage === "failed" ? "warning" : "file"),
            ),
            progress,
            make("span", { class: "thumb-name" }, upload.name),
          ),
          make(
            "button",
            {
              type: "button",
              class: "thumb-remove",
              "aria-label": `Remove ${upload.name}`,
              disabled: upload.stage === "sending" || upload.stage === "reading",
              onclick: () => remove(upload.id),
            },
            icon("close"),
          ),
        );
      }),
    );
  }

  /** @param {state.Upload} upload */
  function stageWords(upload) {
    switch (upload.stage) {
      case "waiting":
        return "ready to read";
      case "sending":
        return `sending, ${Math.round(upload.progress * 100)} %`;
      case "reading":
        return "being read";
      case "failed":
        return upload.words?.title ?? "failed";
      default:
        return upload.document ? summary(upload.document) : "read";
    }
  }

  /** @param {number} id */
  function choose(id) {
    uploads = state.chosen(uploads, id);
    cropping = false;
    failure = null;
    render();
  }

  /** @param {number} id */
  function remove(id) {
    const one = held.get(id);
    if (one) forget(one);
    held.delete(id);
    uploads = state.removed(uploads, id);
    render();
    (document.getElementById(`file-${uploads.chosen}`) ?? chooser).focus();
  }

  /** @param {state.Upload} upload */
  function view(upload) {
    const one = held.get(upload.id);
    const image = one?.image ?? null;
    return make(
      "div",
      { class: "view" },
      make(
        "div",
        { class: "view-picture" },
        pictureOf(upload, one ?? null),
        make(
          "div",
          { class: "toolbar" },
          image &&
            make(
              "button",
              {
                type: "button",
                id: "crop",
                class: "button",
                "aria-pressed": String(cropping),
                disabled: state.isBusy(uploads),
                onclick: toggleCrop,
              },
              icon("crop"),
              cropping ? "Done" : "Crop",
            ),
          upload.crop &&
            make(
              "button",
              { type: "button", id: "whole", class: "button", onclick: () => crop(upload.id, null) },
              "Whole picture",
            ),
          make("span", { class: "aside" }, `${upload.name}, ${byteSize(upload.bytes)}`),
        ),
      ),
      make("div", { class: "view-reading" }, readingOf(upload, one ?? null)),
    );
  }

  /**
   * @param {state.Upload} upload
   * @param {Held | null} one
   */
  function pictureOf(upload, one) {
    if (one?.drawn && upload.document) return drawnPagesView(one.drawn);
    if (!one?.image) {
      return make(
        "div",
        { class: "no-picture" },
        icon("file"),
        make("p", null, "This browser cannot show this file before it is read."),
      );
    }
    if (cropping) {
      return croppedPictureView(one.image, upload.crop ?? whole(sizeOf(one.image)), (rectangle) => {
        uploads = state.cropped(uploads, upload.id, rectangle);
        refreshAfterCrop();
      });
    }
    const place = readPictureView(one.image, upload.document, explainOf(upload, one));
    if (upload.crop) place.append(outline(upload.crop, sizeOf(one.image)));
    return place;
  }

  /**
   * @param {state.Upload} upload
   * @param {Held} one
   * @returns {import("../ui/ink.js").Explain}
   */
  function explainOf(upload, one) {
    const region = regionFor(upload);
    return (question) => api.explainPicture(one.file, upload.name, question, region);
  }

  /** While a rectangle is dragged the picture under it has to stay; only what is around it is made anew. */
  function refreshAfterCrop() {
    desk.querySelector(".desk-bar")?.replaceWith(bar());
    desk
      .querySelector(".view-reading")
      ?.replaceChildren(make("p", { class: "empty" }, "Only what is in the rectangle will be read."));
  }

  function toggleCrop() {
    cropping = !cropping;
    const shown = state.shown(uploads);
    const image = shown && held.get(shown.id)?.image;
    if (cropping && shown && image && !shown.crop) {
      uploads = state.cropped(uploads, shown.id, centered(sizeOf(image), 0.9, 0.9));
    }
    render();
    if (cropping) /** @type {HTMLElement | null} */ (desk.querySelector(".crop-frame"))?.focus();
  }

  /**
   * @param {number} id
   * @param {import("../state/crop.js").Rectangle | null} rectangle
   */
  function crop(id, rectangle) {
    uploads = state.cropped(uploads, id, rectangle);
    cropping = false;
    render();
  }

  /**
   * @param {state.Upload} upload
   * @param {Held | null} one
   */
  function readingOf(upload, one) {
    if (upload.stage === "failed" && upload.words) {
      return trouble(
        upload.words,
        upload.bytes && upload.bytes <= limits.maxBytes ? { label: "Try again", act: () => again(upload.id) } : null,
      );
    }
    const { document } = upload;
    if (!document) {
      const words = upload.stage === "waiting" ? "Press Read to see its numbers here." : "Reading …";
      return make("p", { class: "empty" }, words);
    }
    const text = textOf(document);
    const shownWhole = one?.image && !one.drawn;
    const ground =
      shownWhole && one.image
        ? {
            picture: one.image,
            scale: one.image.naturalWidth / document.pages[0].width,
            explain: explainOf(upload, one),
          }
        : null;
    const problem = problemOf(document);
    return make(
      "div",
      { class: "reading" },
      text ? readout(document, ground) : remark(problem ?? "No numbers", "See Home for what makes a good picture."),
      text && problem && remark(problem),
      text &&
        make(
          "div",
          { class: "actions" },
          speakButton(() => text),
          copyButton(() => text),
        ),
      make("p", { class: "aside" }, `${summary(document)}, ${counts(document.pages.length, "page")}`),
      saveMenu(upload),
      failure && trouble(failure),
    );
  }

  /** @param {number} id */
  function again(id) {
    change(id, { stage: "waiting", words: null });
    readAll();
  }

  /** @param {state.Upload} upload */
  function saveMenu(upload) {
    const read = uploads.uploads.filter((one) => one.document);
    return make(
      "div",
      { class: "save" },
      saveRow("Save this", [upload]),
      read.length > 1 && saveRow(`Save all ${read.length}`, read),
    );
  }

  /**
   * @param {string} label
   * @param {state.Upload[]} chosen
   */
  function saveRow(label, chosen) {
    const button = (/** @type {string} */ name, /** @type {() => Promise<void>} */ act) =>
      make(
        "button",
        {
          type: "button",
          class: "button small",
          disabled: saving,
          "aria-label": `${label} as ${name}`,
          onclick: () => guarded(act),
        },
        icon("save"),
        name,
      );
    return make(
      "div",
      { class: "save-row", role: "group", "aria-label": label },
      make("span", null, label),
      button("Picture", () => savePictures(chosen)),
      button("JSON", () => saveJson(chosen)),
      button("CSV", () => saveTable(chosen)),
    );
  }

  /** @param {() => Promise<void>} act */
  async function guarded(act) {
    saving = true;
    failure = null;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof api.RequestFailed)) throw error;
      failure = error.words;
    } finally {
      saving = false;
      render();
    }
  }

  /** @param {state.Upload[]} chosen */
  async function savePictures(chosen) {
    /** @type {{name: string, bytes: Uint8Array}[]} */
    const entries = [];
    for (const upload of chosen) {
      const pages = await drawnPages(upload);
      for (const [index, page] of pages.entries()) {
        const ending = pages.length > 1 ? `${index + 1}.png` : "png";
        entries.push({ name: state.savedName(upload.name, ending), bytes: new Uint8Array(await page.arrayBuffer()) });
      }
    }
    if (entries.length === 1)
      save(new Blob([/** @type {any} */ (entries[0].bytes)], { type: "image/png" }), entries[0].name);
    else save(new Blob([/** @type {any} */ (zipOf(entries))], { type: "application/zip" }), "inkread.zip");
  }

  /** @param {state.Upload} upload */
  async function drawnPages(upload) {
    const one = held.get(upload.id);
    if (!one) return [];
    return (
      one.drawn ?? pagesOf(await api.readAs([{ picture: one.file, name: upload.name }], "image/png", regionFor(upload)))
    );
  }

  /** @param {state.Upload[]} chosen */
  async function saveJson(chosen) {
    const documents = chosen.flatMap(({ document }) => (document ? [document] : []));
    const name = chosen.length === 1 ? state.savedName(chosen[0].name, "json") : "inkread.json";
    save(new Blob([documentsFile(documents)], { type: "application/json" }), name);
  }

  /** @param {state.Upload[]} chosen */
  async function saveTable(chosen) {
    const tables = [];
    for (const upload of chosen) {
      const one = held.get(upload.id);
      if (!one) continue;
      const table = await api.readAs([{ picture: one.file, name: upload.name }], "text/csv", regionFor(upload));
      tables.push(await table.text());
    }
    const name = chosen.length === 1 ? state.savedName(chosen[0].name, "csv") : "inkread.csv";
    save(new Blob([joinedTables(tables)], { type: "text/csv" }), name);
  }
}

/**
 * The drawn pages of an answer: one PNG, or a zip with several.
 *
 * @param {Blob} answer
 * @returns {Promise<Blob[]>}
 */
async function pagesOf(answer) {
  if (answer.type !== "application/zip") return [answer];
  const entries = await unzip(new Uint8Array(await answer.arrayBuffer()));
  const pages = entries.filter(({ name }) => name.endsWith(".png")); // the readings come with them
  return pages.map(({ bytes }) => new Blob([/** @type {any} */ (bytes)], { type: "image/png" }));
}

/**
 * @param {import("../state/crop.js").Rectangle} rectangle
 * @param {import("../state/crop.js").Size} size
 */
function outline({ x0, y0, x1, y1 }, { width, height }) {
  const made = make("div", { class: "crop-outline" });
  made.style.left = `${(x0 / width) * 100}%`;
  made.style.top = `${(y0 / height) * 100}%`;
  made.style.width = `${((x1 - x0) / width) * 100}%`;
  made.style.height = `${((y1 - y0) / height) * 100}%`;
  return made;
}
