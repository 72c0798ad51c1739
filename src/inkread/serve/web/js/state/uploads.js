/**
 * The files somebody chose and how far each one is. Pure functions; every one gives a new value.
 *
 * @typedef {import("../contract.js").Document} Document
 * @typedef {import("./words.js").Words} Words
 * @typedef {import("./crop.js").Rectangle} Rectangle
 * @typedef {"waiting" | "sending" | "reading" | "done" | "failed"} Stage
 * @typedef {{id: number, name: string, bytes: number, stage: Stage, progress: number, document: Document | null,
 *   words: Words | null, crop: Rectangle | null}} Upload
 * @typedef {{uploads: Upload[], chosen: number | null, next: number}} Uploads
 * @typedef {{maxBytes: number, mediaTypes: string[], suffixes: string[]}} Limits
 */

/** @type {Uploads} */
export const NONE = { uploads: [], chosen: null, next: 1 };

/**
 * Files put at the end. Those that the server would refuse by their size fail at once, with words for it.
 *
 * @param {Uploads} state
 * @param {{name: string, size: number, type: string}[]} files
 * @param {Limits} limits
 * @returns {Uploads}
 */
export function added(state, files, limits) {
  const uploads = files.map((file, index) => {
    const words = refusal(file, limits);
    return /** @type {Upload} */ ({
      id: state.next + index,
      name: file.name,
      bytes: file.size,
      stage: words ? "failed" : "waiting",
      progress: 0,
      document: null,
      words,
      crop: null,
    });
  });
  const first = uploads[0]?.id ?? null;
  return {
    uploads: [...state.uploads, ...uploads],
    chosen: state.chosen ?? first,
    next: state.next + files.length,
  };
}

/**
 * Why a file is not even sent, or null. What a picture is, the server tells by its content; names are only a hint, so
 * only what is certainly wrong is refused here.
 *
 * @param {{name: string, size: number, type: string}} file
 * @param {Limits} limits
 * @returns {Words | null}
 */
export function refusal(file, limits) {
  if (file.size === 0) return { title: "This file is empty", text: "There is nothing in it to read." };
  if (file.size > limits.maxBytes) {
    const most = Math.floor(limits.maxBytes / 1e6);
    const size = (file.size / 1e6).toFixed(1);
    return { title: "This file is too large", text: `It has ${size} MB; up to ${most} MB are taken.` };
  }
  return null;
}

/**
 * @param {Uploads} state
 * @param {number} id
 * @param {Partial<Upload>} change
 * @returns {Uploads}
 */
export function changed(state, id, change) {
  return { ...state, uploads: state.uploads.map((upload) => (upload.id === id ? { ...upload, ...change } : upload)) };
}

/**
 * A new crop makes what was read before out of date.
 *
 * @param {Uploads} state
 * @param {number} id
 * @param {Rectangle | null} crop
 * @returns {Uploads}
 */
export function cropped(state, id, crop) {
  return changed(state, id, { crop, stage: "waiting", progress: 0, document: null, words: null });
}

/**
 * @param {Uploads} state
 * @param {number} id
 * @returns {Uploads}
 */
export function removed(state, id) {
  const at = state.uploads.findIndex((upload) => upload.id === id);
  const uploads = state.uploads.filter((upload) => upload.id !== id);
  if (state.chosen !== id) return { ...state, uploads };
  const neighbor = uploads[Math.min(at, uploads.length - 1)];
  return { ...state, uploads, chosen: neighbor?.id ?? null };
}

/**
 * @param {Uploads} state
 * @param {number} id
 * @returns {Uploads}
 */
export function chosen(state, id) {
  return { ...state, chosen: id };
}

/**
 * The one that is looked at.
 *
 * @param {Uploads} state
 * @returns {Upload | null}
 */
export function shown(state) {
  return state.uploads.find((upload) => upload.id === state.chosen) ?? null;
}

/**
 * Those that are to be read when Read is pressed: all that wait, and all that failed for want of a network.
 *
 * @param {Uploads} state
 * @returns {Upload[]}
 */
export function pending(state) {
  return state.uploads.filter((upload) => upload.stage === "waiting");
}

/**
 * @param {Uploads} state
 * @returns {boolean}
 */
export function isBusy(state) {
  return state.uploads.some((upload) => upload.stage === "sending" || upload.stage === "reading");
}

/**
 * What the row of thumbnails says, in words.
 *
 * @param {Uploads} state
 * @returns {string}
 */
export function progressWords(state) {
  const count = (/** @type {Stage} */ stage) => state.uploads.filter((upload) => upload.stage === stage).length;
  const total = state.uploads.length;
  if (!total) return "";
  const failed = count("failed") ? `, ${count("failed")} could not be read` : "";
  if (isBusy(state)) return `Reading ${count("done") + count("failed") + 1} of ${total}${failed}`;
  if (count("waiting") === total) return total === 1 ? "1 file, ready to read" : `${total} files, ready to read`;
  return `${count("done")} of ${total} read${failed}`;
}

/**
 * What a file chooser shall offer: kinds and endings, as the `accept` attribute takes them.
 *
 * @param {Limits} limits
 * @returns {string}
 */
export function acceptOf(limits) {
  return [...limits.mediaTypes, ...limits.suffixes].join(",");
}

/**
 * The name of a saved file beside the picture's own.
 *
 * @param {string} name
 * @param {string} ending
 * @returns {string}
 */
export function savedName(name, ending) {
  const stem = name.replace(/\.[^.]{1,5}$/, "") || "inkread";
  return `${stem}-inkread.${ending}`;
}
