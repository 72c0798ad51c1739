/**
 * What went wrong, in words for people: what happened and what they can do. Pure functions.
 *
 * @typedef {{title: string, text: string}} Words
 * @typedef {{status: number, code: string, title?: string, detail?: string, retryAfter?: number | null}} Failure
 */

/** @type {Record<string, Words>} */
const BY_CODE = {
  Offline: {
    title: "The server cannot be reached",
    text: "The network is gone, or the server has stopped. Nothing is lost: try again when it is back.",
  },
  TimedOut: { title: "No answer came", text: "The server took too long. Try again, or with a smaller picture." },
  NotSignedIn: { title: "You are signed out", text: "Sign in again to go on." },
  WrongPassword: { title: "That did not work", text: "The name or the password is wrong." },
  MissingToken: { title: "This page is out of date", text: "Reload it and try again." },
  ForeignOrigin: { title: "This page may not ask the server", text: "Open inkread at the server's own address." },
  TooManyRequests: { title: "That was a lot at once", text: "Wait a moment before you try again." },
  Overloaded: { title: "The server is busy", text: "Many people are reading just now. Try again in a moment." },
  ReadingTimeout: { title: "Reading took too long", text: "Crop the picture to the part with the numbers." },
  UnsupportedSource: { title: "This is not a picture that can be read", text: "" },
  CorruptSource: { title: "This file is damaged", text: "" },
  EncryptedSource: { title: "This document is locked", text: "Save it without a password and try again." },
  SourceTooLarge: { title: "This file is too large", text: "" },
  MissingExtra: { title: "This server cannot open such files", text: "" },
};

/**
 * A failed request in words. The server's own sentence is used where it says more than ours.
 *
 * @param {Failure} failure
 * @returns {Words}
 */
export function wordsFor({ code, title, detail, retryAfter, status }) {
  const known = BY_CODE[code];
  const wait = retryAfter ? ` Try again in ${retryAfter} s.` : "";
  if (known) return { title: known.title, text: (known.text || detail || "") + wait };
  if (title) return { title, text: (detail ?? "") + wait };
  return { title: "Something went wrong", text: `The server answered with ${status}. Try again.${wait}` };
}

/**
 * Why there is no camera picture, by the name of the error that the browser raised.
 *
 * @param {string} name
 * @param {boolean} secure whether the page came over https or from this machine
 * @returns {Words}
 */
export function cameraWords(name, secure) {
  if (!secure) {
    return {
      title: "The camera needs a safe connection",
      text: "Browsers show the camera only to pages that come over https or from this machine.",
    };
  }
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return {
        title: "The camera was refused",
        text: "Allow the camera for this page in the browser's address bar, then try again.",
      };
    case "NotFoundError":
    case "OverconstrainedError":
      return { title: "No camera was found", text: "Plug one in, or choose a picture instead." };
    case "NotReadableError":
    case "AbortError":
      return {
        title: "The camera does not answer",
        text: "Another program may be using it. Close that and try again.",
      };
    default:
      return { title: "The camera cannot be used", text: "This browser does not offer it. Choose a picture instead." };
  }
}

/**
 * Why a socket was closed, by its code, and whether trying again may help.
 *
 * @param {number} code
 * @returns {Words & {again: boolean}}
 */
export function socketWords(code) {
  switch (code) {
    case 1008:
      return { title: "The server ended the video", text: "It received too many frames. Start again.", again: false };
    case 1009:
      return { title: "The frames are too large", text: "Choose a camera with a smaller picture.", again: false };
    case 1013:
      return {
        title: "All places are taken",
        text: "Too many people watch live just now. Wait a moment.",
        again: true,
      };
    default:
      return {
        title: "The connection was lost",
        text: "The network is gone, or the server has stopped. It is tried again by itself.",
        again: true,
      };
  }
}
