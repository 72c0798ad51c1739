/**
 * Asks the server. The only module that knows its addresses; every failure leaves it as a `RequestFailed` with words.
 *
 * @typedef {import("./contract.js").Document} Document
 * @typedef {import("./contract.js").Reading} Reading
 * @typedef {import("./state/uploads.js").Limits} Limits
 * @typedef {{accounts: boolean, user: {name: string, role: string} | null, csrf: string | null}} Session
 */
import { wordsFor } from "./state/words.js";

/** A request that did not get what it asked for. */
export class RequestFailed extends Error {
  /** @param {import("./state/words.js").Failure} failure */
  constructor(failure) {
    const words = wordsFor(failure);
    super(words.title);
    this.words = words;
    this.status = failure.status;
    this.code = failure.code;
  }
}

/** @type {string | null} */
let token = null;
/** @type {() => void} */
let onSignedOut = () => {};
const TIMEOUT_MS = 90_000;

/**
 * Sets what happens when the server says that nobody is signed in.
 *
 * @param {() => void} listener
 */
export function whenSignedOut(listener) {
  onSignedOut = listener;
}

/** @returns {Promise<Session>} */
export async function session() {
  return keep(await json("/v1/session"));
}

/**
 * @param {string} name
 * @param {string} password
 * @returns {Promise<Session>}
 */
export async function signIn(name, password) {
  return keep(await json("/v1/session", { method: "POST", ...jsonBody({ name, password }) }));
}

export async function signOut() {
  await ask("/v1/session", { method: "DELETE" });
  token = null;
}

/** @param {Session} known */
function keep(known) {
  token = known.csrf;
  return known;
}

/**
 * @param {{strokes: number[][][]}} strokes
 * @param {AbortSignal} [signal]
 * @param {boolean} [trained] with the network that was trained in the lab
 * @returns {Promise<Document>}
 */
export function readStrokes(strokes, signal, trained = false) {
  return json(trained ? "/v1/lab/strokes" : "/v1/strokes", { method: "POST", ...jsonBody(strokes), signal });
}

/**
 * Reads one picture. Sending is told as a share; 1 means that the server reads.
 *
 * @param {Blob} picture
 * @param {string} name
 * @param {{region?: number[] | null, onProgress?: (share: number) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<Document>}
 */
export async function readPicture(picture, name, { region, onProgress, signal } = {}) {
  const form = filesForm([{ picture, name }], region);
  // fetch does not tell how much has been sent.
  const reading = /** @type {Reading} */ (await send("/v1/read", form, onProgress ?? (() => {}), signal));
  return reading.documents[0];
}

/**
 * Pictures in another form: drawn over (one PNG, or a zip of several) or as a table.
 *
 * @param {{picture: Blob, name: string}[]} pictures
 * @param {"image/png" | "text/csv"} kind
 * @param {number[] | null} [region]
 * @returns {Promise<Blob>}
 */
export async function readAs(pictures, kind, region) {
  const answer = await ask("/v1/read", {
    method: "POST",
    body: filesForm(pictures, region),
    headers: { Accept: kind },
  });
  return answer.blob();
}

/**
 * Which ink made a digit of a picture what it was read as.
 *
 * @param {Blob} picture
 * @param {string} name
 * @param {import("./ui/ink.js").Question} question
 * @param {number[] | null} [region]
 * @returns {Promise<import("./contract.js").Explanation>}
 */
export function explainPicture(picture, name, question, region) {
  return json(explainAddress(question), { method: "POST", body: filesForm([{ picture, name }], region) });
}

/**
 * @param {{strokes: number[][][]}} strokes
 * @param {import("./ui/ink.js").Question} question
 * @returns {Promise<import("./contract.js").Explanation>}
 */
export function explainStrokes(strokes, question) {
  return json(explainAddress(question), { method: "POST", ...jsonBody(strokes) });
}

/** @param {import("./ui/ink.js").Question} question */
function explainAddress({ digit, value, against }) {
  return `/v1/explain?${new URLSearchParams({ digit: `${digit}`, value, ...(against && { against }) })}`;
}

/** @returns {Promise<Limits>} */
export async function limits() {
  const answer = await json("/v1/limits");
  return { maxBytes: answer.max_body_bytes, mediaTypes: answer.media_types, suffixes: answer.suffixes };
}

/** @returns {Promise<{reports: any[]}>} */
export function reports() {
  return json("/v1/report");
}

/** @returns {Promise<{models: any[]}>} */
export function models() {
  return json("/v1/models");
}

/** @returns {Promise<import("./state/lab.js").Overview>} */
export function lab() {
  return json("/v1/lab");
}

/**
 * @param {{data: string, split: string, start: number, count: number, network: string}} wanted
 * @param {AbortSignal} signal
 * @returns {Promise<import("./state/lab.js").Shown>}
 */
export function labSamples(wanted, signal) {
  const { data, split, network } = wanted;
  const query = new URLSearchParams({ data, split, network, start: `${wanted.start}`, count: `${wanted.count}` });
  return json(`/v1/lab/samples?${query}`, { signal });
}

/** @returns {Promise<{job: import("./state/lab.js").Job | null}>} */
export function labJob() {
  return json("/v1/lab/job");
}

/**
 * @param {Record<string, string | number>} order
 * @returns {Promise<{job: import("./state/lab.js").Job}>}
 */
export function beginLabJob(order) {
  return json("/v1/lab/job", { method: "POST", ...jsonBody(order) });
}

export function cancelLabJob() {
  return ask("/v1/lab/job", { method: "DELETE" });
}

/** @returns {Promise<{keys: {id: number | string, label: string, created: number, last_used: number | null}[]}>} */
export function keys() {
  return json("/v1/keys");
}

/**
 * @param {string} label
 * @returns {Promise<{id: number | string, label: string, key: string}>}
 */
export function makeKey(label) {
  return json("/v1/keys", { method: "POST", ...jsonBody({ label }) });
}

/** @param {number | string} id */
export function removeKey(id) {
  return ask(`/v1/keys/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** @returns {WebSocket} */
export function openLive() {
  const address = new URL("/v1/live", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  return socket;
}

/**
 * @param {{picture: Blob, name: string}[]} pictures
 * @param {number[] | null} [region]
 */
function filesForm(pictures, region) {
  const form = new FormData();
  for (const { picture, name } of pictures) form.append("files", picture, name);
  if (region) form.append("region", region.join(","));
  return form;
}

/** @param {unknown} value */
function jsonBody(value) {
  return { body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
}

/**
 * @param {string} address
 * @param {RequestInit} [request]
 * @returns {Promise<any>}
 */
async function json(address, request = {}) {
  return (await ask(address, request)).json();
}

/**
 * @param {string} address
 * @param {RequestInit} [request]
 * @returns {Promise<Response>}
 */
async function ask(address, request = {}) {
  const headers = new Headers(request.headers);
  if (!headers.has("Accept")) headers.set("Accept", "application/json");
  if (token && request.method) headers.set("X-CSRF-Token", token);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
  let answer;
  try {
    answer = await fetch(address, { ...request, headers, signal });
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new RequestFailed({ status: 0, code: timeout.aborted ? "TimedOut" : "Offline" });
  }
  if (!answer.ok) throw failed(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  return answer;
}

/**
 * @param {string} address
 * @param {FormData} form
 * @param {(share: number) => void} onProgress
 * @param {AbortSignal} [signal]
 * @returns {Promise<unknown>}
 */
function send(address, form, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    if (token) request.setRequestHeader("X-CSRF-Token", token);
    request.timeout = TIMEOUT_MS;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.upload.addEventListener("load", () => onProgress(1));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(failed(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    });
    request.addEventListener("error", () => reject(new RequestFailed({ status: 0, code: "Offline" })));
    request.addEventListener("timeout", () => reject(new RequestFailed({ status: 0, code: "TimedOut" })));
    request.addEventListener("abort", () => reject(new DOMException("The request was given up", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/**
 * @param {number} status
 * @param {string} body
 * @param {string | null} retryAfter
 * @returns {RequestFailed}
 */
function failed(status, body, retryAfter) {
  /** @type {Record<string, string>} */
  let problem = {};
  try {
    problem = JSON.parse(body);
  } catch {
    // A proxy's page: the status alone says what happened.
  }
  const failure = new RequestFailed({
    status,
    code: problem.code ?? "",
    title: problem.title,
    detail: problem.detail,
    retryAfter: retryAfter ? Number.parseInt(retryAfter, 10) || null : null,
  });
  if (failure.code === "NotSignedIn") onSignedOut();
  return failure;
}
