/**
 * What has been drawn, as data; pictures are made from it elsewhere. Every function gives a new value.
 *
 * @typedef {[x: number, y: number, t: number, pressure: number]} Point
 * @typedef {{points: Point[], width: number}} Stroke
 * @typedef {{strokes: Stroke[], current: Stroke | null, past: Stroke[][], future: Stroke[][]}} Drawing
 */

/** @type {Drawing} */
export const EMPTY = { strokes: [], current: null, past: [], future: [] };

/**
 * The pen touches the paper.
 *
 * @param {Drawing} drawing
 * @param {Point} point
 * @param {number} width
 * @returns {Drawing}
 */
export function begin(drawing, point, width) {
  return { ...finish(drawing), current: { points: [point], width } };
}

/**
 * The pen moves.
 *
 * @param {Drawing} drawing
 * @param {Point[]} points
 * @returns {Drawing}
 */
export function extend(drawing, points) {
  if (!drawing.current) return drawing;
  const known = drawing.current.points;
  const last = known[known.length - 1];
  const moved = points.filter(([x, y], index) => {
    const before = index ? points[index - 1] : last;
    return x !== before[0] || y !== before[1];
  });
  if (!moved.length) return drawing;
  return { ...drawing, current: { ...drawing.current, points: [...known, ...moved] } };
}

/**
 * The pen leaves the paper.
 *
 * @param {Drawing} drawing
 * @returns {Drawing}
 */
export function finish(drawing) {
  if (!drawing.current) return drawing;
  return {
    strokes: [...drawing.strokes, drawing.current],
    current: null,
    past: [...drawing.past, drawing.strokes],
    future: [],
  };
}

/**
 * What is being drawn is given up, as when a second finger turns it into a gesture.
 *
 * @param {Drawing} drawing
 * @returns {Drawing}
 */
export function abandon(drawing) {
  return { ...drawing, current: null };
}

/**
 * @param {Drawing} drawing
 * @returns {Drawing}
 */
export function clear(drawing) {
  if (isEmpty(drawing)) return drawing;
  const whole = finish(drawing);
  return { strokes: [], current: null, past: [...whole.past, whole.strokes], future: [] };
}

/**
 * One step back; clearing is a step too.
 *
 * @param {Drawing} drawing
 * @returns {Drawing}
 */
export function undo(drawing) {
  const whole = finish(drawing);
  const before = whole.past[whole.past.length - 1];
  if (!before) return whole;
  return {
    strokes: before,
    current: null,
    past: whole.past.slice(0, -1),
    future: [whole.strokes, ...whole.future],
  };
}

/**
 * @param {Drawing} drawing
 * @returns {Drawing}
 */
export function redo(drawing) {
  const [after, ...future] = drawing.future;
  if (drawing.current || !after) return drawing;
  return { strokes: after, current: null, past: [...drawing.past, drawing.strokes], future };
}

/**
 * @param {Drawing} drawing
 * @returns {boolean}
 */
export function isEmpty(drawing) {
  return drawing.strokes.length === 0 && drawing.current === null;
}

/**
 * What is to be read: every stroke, the one under the pen as well.
 *
 * @param {Drawing} drawing
 * @returns {Stroke[]}
 */
export function allStrokes(drawing) {
  return drawing.current ? [...drawing.strokes, drawing.current] : drawing.strokes;
}

/**
 * The strokes as the server takes them, positions to a tenth of a pixel.
 *
 * @param {Stroke[]} strokes
 * @returns {{strokes: Point[][]}}
 */
export function requestOf(strokes) {
  return {
    strokes: strokes.map(({ points }) =>
      points.map(([x, y, t, pressure]) => [tenth(x), tenth(y), Math.round(t), Math.round(pressure * 100) / 100]),
    ),
  };
}

/**
 * The width of the line at a point: pressure thins or thickens it by up to a half.
 *
 * @param {number} width
 * @param {number} pressure in [0, 1]; 0.5 is a mouse
 * @returns {number}
 */
export function lineWidth(width, pressure) {
  return width * (0.5 + pressure);
}

/** @param {number} value */
function tenth(value) {
  return Math.round(value * 10) / 10;
}
