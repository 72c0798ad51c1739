/**
 * A rectangle on a picture: moved, resized, kept inside. Pure functions; edges in pixels of the picture.
 *
 * @typedef {{x0: number, y0: number, x1: number, y1: number}} Rectangle
 * @typedef {{width: number, height: number}} Size
 * @typedef {"n" | "s" | "e" | "w" | "ne" | "nw" | "se" | "sw"} Handle
 */

/** @type {Handle[]} */
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

/**
 * @param {Size} size
 * @returns {Rectangle}
 */
export function whole({ width, height }) {
  return { x0: 0, y0: 0, x1: width, y1: height };
}

/**
 * A rectangle in the middle that takes these shares of the sides.
 *
 * @param {Size} size
 * @param {number} across
 * @param {number} down
 * @returns {Rectangle}
 */
export function centered({ width, height }, across, down) {
  return {
    x0: (width * (1 - across)) / 2,
    y0: (height * (1 - down)) / 2,
    x1: (width * (1 + across)) / 2,
    y1: (height * (1 + down)) / 2,
  };
}

/**
 * @param {Rectangle} rectangle
 * @param {number} dx
 * @param {number} dy
 * @param {Size} size
 * @returns {Rectangle}
 */
export function moved(rectangle, dx, dy, size) {
  const across = clamp(dx, -rectangle.x0, size.width - rectangle.x1);
  const down = clamp(dy, -rectangle.y0, size.height - rectangle.y1);
  return {
    x0: rectangle.x0 + across,
    y0: rectangle.y0 + down,
    x1: rectangle.x1 + across,
    y1: rectangle.y1 + down,
  };
}

/**
 * One side or corner dragged; the opposite one stays.
 *
 * @param {Rectangle} rectangle
 * @param {Handle} handle
 * @param {number} dx
 * @param {number} dy
 * @param {Size} size
 * @param {number} least the shortest side
 * @returns {Rectangle}
 */
export function resized(rectangle, handle, dx, dy, size, least) {
  const smallest = Math.min(least, size.width, size.height);
  let { x0, y0, x1, y1 } = rectangle;
  if (handle.includes("w")) x0 = clamp(x0 + dx, 0, x1 - smallest);
  if (handle.includes("e")) x1 = clamp(x1 + dx, x0 + smallest, size.width);
  if (handle.includes("n")) y0 = clamp(y0 + dy, 0, y1 - smallest);
  if (handle.includes("s")) y1 = clamp(y1 + dy, y0 + smallest, size.height);
  return { x0, y0, x1, y1 };
}

/**
 * A new rectangle between the point where a drag began and the point where it is.
 *
 * @param {{x: number, y: number}} start
 * @param {{x: number, y: number}} end
 * @param {Size} size
 * @param {number} least
 * @returns {Rectangle}
 */
export function spanned(start, end, size, least) {
  const x0 = clamp(Math.min(start.x, end.x), 0, size.width);
  const x1 = clamp(Math.max(start.x, end.x), 0, size.width);
  const y0 = clamp(Math.min(start.y, end.y), 0, size.height);
  const y1 = clamp(Math.max(start.y, end.y), 0, size.height);
  const begun = { x0, y0, x1: Math.max(x1, x0 + least), y1: Math.max(y1, y0 + least) };
  return moved(begun, 0, 0, size);
}

/**
 * What an arrow key does: moves the rectangle, or with `resize` its right and lower side. Null for other keys.
 *
 * @param {Rectangle} rectangle
 * @param {string} key as in KeyboardEvent.key
 * @param {boolean} resize
 * @param {Size} size
 * @param {number} least
 * @returns {Rectangle | null}
 */
export function keyed(rectangle, key, resize, size, least) {
  const step = Math.max(1, Math.max(size.width, size.height) / 50);
  const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[key] ?? [
    0, 0,
  ];
  if (!dx && !dy) return null;
  return resize ? resized(rectangle, "se", dx, dy, size, least) : moved(rectangle, dx, dy, size);
}

/**
 * @param {Rectangle} rectangle
 * @param {Size} size
 * @returns {boolean}
 */
export function isWhole(rectangle, size) {
  return rectangle.x0 <= 0 && rectangle.y0 <= 0 && rectangle.x1 >= size.width && rectangle.y1 >= size.height;
}

/**
 * The rectangle as the server takes it: whole pixels, or null where it is the whole picture.
 *
 * @param {Rectangle} rectangle
 * @param {Size} size
 * @returns {[number, number, number, number] | null}
 */
export function regionOf(rectangle, size) {
  if (isWhole(rectangle, size)) return null;
  return [
    Math.floor(rectangle.x0),
    Math.floor(rectangle.y0),
    Math.min(size.width, Math.ceil(rectangle.x1)),
    Math.min(size.height, Math.ceil(rectangle.y1)),
  ];
}

/**
 * The rectangle in words, for those who do not see it.
 *
 * @param {Rectangle} rectangle
 * @param {Size} size
 * @returns {string}
 */
export function described(rectangle, size) {
  const share = (/** @type {number} */ edge, /** @type {number} */ side) => Math.round((edge / side) * 100);
  return (
    `${share(rectangle.x0, size.width)} to ${share(rectangle.x1, size.width)} % across, ` +
    `${share(rectangle.y0, size.height)} to ${share(rectangle.y1, size.height)} % down`
  );
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
