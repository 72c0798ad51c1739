/** Line charts as SVG, with a table of the same figures for those who do not see them. */
import { axisMarks, scaled } from "../state/report.js";
import { make, makeSvg } from "./dom.js";

const WIDTH = 480;
const HEIGHT = 240;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 40;

/**
 * @param {{label: string, x: string, y: string, series: {name: string, points: [number, number][],
 *   weights?: number[]}[], diagonal?: boolean, from?: [number, number], to?: [number, number]}} plot `from` and `to` are values that the axes hold at least; points with weights
 *   in [0, 1] are drawn as dots of that size, without a line
 * @returns {HTMLElement}
 */
export function linePlot({ label, x, y, series, diagonal = false, from, to }) {
  const points = series.flatMap((one) => one.points);
  const xs = points.map(([value]) => value);
  const ys = points.map(([, value]) => value);
  /** @type {[number, number]} */
  const across = [Math.min(...xs, from?.[0] ?? Infinity), Math.max(...xs, to?.[0] ?? -Infinity)];
  /** @type {[number, number]} */
  const up = [Math.min(...ys, from?.[1] ?? Infinity), Math.max(...ys, to?.[1] ?? -Infinity)];
  const px = (/** @type {number} */ value) => scaled(value, across, [LEFT, WIDTH - RIGHT]);
  const py = (/** @type {number} */ value) => scaled(value, up, [HEIGHT - BOTTOM, TOP]);
  const drawn = makeSvg(
    "svg",
    { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${label}: ${y} against ${x}` },
    axisMarks(...up, 4).flatMap((mark) => [
      makeSvg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: py(mark), y2: py(mark) }),
      makeSvg("text", { x: LEFT - 8, y: py(mark) + 4, "text-anchor": "end" }, short(mark)),
    ]),
    axisMarks(...across, 5).map((mark) =>
      makeSvg("text", { x: px(mark), y: HEIGHT - BOTTOM + 17, "text-anchor": "middle" }, short(mark)),
    ),
    makeSvg("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, x),
    diagonal && makeSvg("line", { class: "diagonal", x1: px(0), y1: py(0), x2: px(1), y2: py(1) }),
    series.flatMap((one, index) => drawnSeries(one, `s${index % 4}`)),
  );
  return make(
    "figure",
    { class: "plot-figure" },
    make("figcaption", null, label),
    drawn,
    series.length > 1 &&
      make(
        "ul",
        { class: "legend" },
        series.map((one, index) => make("li", { class: `s${index % 4}` }, one.name)),
      ),
  );

  /**
   * @param {{points: [number, number][], weights?: number[]}} one
   * @param {string} color
   * @returns {SVGElement[]}
   */
  function drawnSeries({ points: own, weights }, color) {
    if (!weights) {
      const line = own.map(([a, b]) => `${px(a).toFixed(1)},${py(b).toFixed(1)}`).join(" ");
      return [makeSvg("polyline", { class: `series ${color}`, points: line })];
    }
    return own.map(([a, b], at) =>
      makeSvg("circle", {
        class: `dot ${color}`,
        cx: px(a).toFixed(1),
        cy: py(b).toFixed(1),
        r: 2.5 + 6 * weights[at],
      }),
    );
  }
}

/** @param {number} value */
function short(value) {
  if (Math.abs(value) >= 1000) return `${Math.round(value / 100) / 10}k`;
  return String(Number(value.toPrecision(3)));
}
