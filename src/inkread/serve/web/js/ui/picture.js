/**
 * A picture with what was read on it, or with a rectangle to read in.
 *
 * @typedef {import("../contract.js").Document} Document
 * @typedef {import("../state/crop.js").Rectangle} Rectangle
 * @typedef {import("../state/crop.js").Size} Size
 */
import { boxesOver } from "./boxes.js";
import { cropOver } from "./crop.js";
import { fill, make } from "./dom.js";

/**
 * The picture as an element, decoded, or null where this browser cannot show it (TIFF, PDF, HEIC).
 *
 * @param {Blob} picture
 * @param {string} alt
 * @returns {Promise<HTMLImageElement | null>}
 */
export async function decoded(picture, alt) {
  const address = URL.createObjectURL(picture);
  const image = make("img", { src: address, alt });
  try {
    await image.decode();
    return image;
  } catch {
    URL.revokeObjectURL(address);
    return null;
  }
}

/**
 * @param {HTMLImageElement | HTMLCanvasElement} picture
 * @returns {Size}
 */
export function sizeOf(picture) {
  return picture instanceof HTMLImageElement
    ? { width: picture.naturalWidth, height: picture.naturalHeight }
    : { width: picture.width, height: picture.height };
}

/**
 * @param {HTMLImageElement | HTMLCanvasElement} picture
 * @param {Document | null} document
 * @param {import("./ink.js").Explain} [explain]
 * @returns {HTMLElement}
 */
export function readPictureView(picture, document, explain) {
  const size = sizeOf(picture);
  const ground = { picture, scale: document ? size.width / document.pages[0].width : 1, explain };
  const place = make("div", { class: "picture" }, picture);
  if (document) {
    const { width, height } = document.pages[0];
    place.append(make("div", { class: "boxes-place" }, boxesOver(document, { width, height }, ground)));
  }
  return place;
}

/**
 * The picture with a rectangle that can be changed.
 *
 * @param {HTMLImageElement | HTMLCanvasElement} picture
 * @param {Rectangle} rectangle
 * @param {(rectangle: Rectangle) => void} onChange
 * @returns {HTMLElement}
 */
export function croppedPictureView(picture, rectangle, onChange) {
  const size = sizeOf(picture);
  const place = make("div", { class: "picture cropping" }, picture);
  cropOver(place, { size, rectangle, label: "Part to read", onChange });
  return place;
}

/**
 * A small picture of the whole.
 *
 * @param {HTMLImageElement | HTMLCanvasElement} picture
 * @returns {HTMLCanvasElement}
 */
export function thumbnail(picture) {
  const { width, height } = sizeOf(picture);
  const scale = Math.min(1, 128 / Math.max(width, height));
  const canvas = make("canvas", {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
    "aria-hidden": "true",
  });
  const context = canvas.getContext("2d");
  if (context) {
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  }
  return canvas;
}

/**
 * Pages that the server drew over, one under the other.
 *
 * @param {Blob[]} pages
 * @returns {HTMLElement}
 */
export function drawnPagesView(pages) {
  const place = make("div", { class: "drawn-pages" });
  fill(
    place,
    pages.map((page, index) => {
      const address = URL.createObjectURL(page);
      const image = make("img", { src: address, alt: `Page ${index + 1} with its numbers marked` });
      image.addEventListener("load", () => URL.revokeObjectURL(address));
      return image;
    }),
  );
  return place;
}
