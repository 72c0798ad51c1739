/** A report with its figures, charts and tables, as the performance room and the lab show it. */
import * as state from "../state/report.js";
import { copyButton } from "./actions.js";
import { fill, make } from "./dom.js";
import { linePlot } from "./plot.js";

/** @type {Record<string, string>} */
export const TASKS = {
  digit: "Single digits",
  digits: "Single digits",
  second: "Doubtful digits",
  line: "Lines",
  lines: "Lines",
  pages: "Pages",
  page: "Pages",
  words: "Lines with words",
  writer: "Digits of one hand",
};

/**
 * One report, folded to its headline but for the first: each holds a page of figures.
 *
 * @param {state.Report} report
 * @param {number} index
 */
export function reportSection(report, index) {
  const accuracy = state.accuracyWords(report.accuracy);
  const id = `report-${index}`;
  const coverage = report.curves?.coverage;
  const left = coverage?.error_at?.["0.95"];
  const writers = state.writerWords(report);
  const body = make("div", { class: "report-body" });
  const details = make(
    "details",
    { class: "report", open: index === 0 },
    make(
      "summary",
      null,
      make("h3", { id }, `${TASKS[report.task] ?? report.task}: ${state.dataWords(report)}`),
      make("span", { class: "headline" }, accuracy.value),
    ),
    body,
  );
  fill(
    body,
    make(
      "dl",
      { class: "figures" },
      figure(report.per_class ? "Right" : "Read exactly", accuracy.value, accuracy.interval),
      figure(report.per_class ? "Digits" : "Pictures", (report.accuracy?.n ?? report.n).toLocaleString("en")),
      left !== undefined &&
        figure("Wrong when the least sure are left out", `${(left * 100).toFixed(3)} %`, "one answer in twenty, by its confidence"),
      report.calibration &&
        figure(
          "Confidence is off by",
          `${(report.calibration.expected_calibration_error * 100).toFixed(2)} %`,
          "on average: what it claims beside how often it is right",
        ),
      report.refusal &&
        report.refusal.others_refused.value !== null &&
        figure(
          "Letters and marks refused",
          state.shareWords(report.refusal.others_refused.value),
          refusalWords(report.refusal),
        ),
      state.speedWords(report).map(({ name, value }) => figure(name, value)),
    ),
    report.groups && groupTable(report.groups),
    make(
      "div",
      { class: "plots" },
      report.calibration &&
        linePlot({
          label: "Confidence against truth",
          x: "confidence",
          y: "share that is right",
          series: [
            {
              name: "measured",
              points: report.calibration.reliability.map((bin) => [bin.confidence, bin.accuracy]),
              weights: state.binWeights(report.calibration.reliability),
            },
          ],
          diagonal: true,
          from: [0, 0],
          to: [1, 1],
        }),
      coverage &&
        linePlot({
          label: "Mistakes among what is accepted",
          x: "share accepted, surest first",
          y: "share wrong",
          series: [{ name: "wrong", points: coverage.coverage.map((share, at) => [share, coverage.error[at]]) }],
          from: [0, 0],
        }),
    ),
    writers && make("p", { class: "aside" }, writers),
    report.confusion && (report.accuracy?.n ?? 0) > 0 && confusionTable(report.confusion, id),
    report.per_class && classTable(report),
    make(
      "div",
      { class: "command" },
      make("code", null, report.command),
      copyButton(() => report.command, "Copy", "small"),
    ),
    make(
      "p",
      { class: "aside" },
      `Measured ${day(report.date)} on ${report.machine.processor ?? "a machine"}, ${report.machine.cores ?? "?"} cores.`,
    ),
  );
  return details;
}

/** @param {NonNullable<state.Report["refusal"]>} refusal */
function refusalWords({ digits_kept: kept }) {
  return `while ${state.shareWords(kept.value)} of the digits are kept`;
}

/** @param {string} date */
function day(date) {
  return date.slice(0, 10);
}

/** @param {state.Report} report */
function classTable(report) {
  return make(
    "details",
    { class: "fold" },
    make("summary", null, "Figures of each digit"),
    table(
      "Figures of each digit",
      ["Digit", "Precision", "Recall", "F1", "Support"],
      state.classRows(report).map(({ name, precision, recall, f1, support }) =>
        make(
          "tr",
          null,
          make("th", { scope: "row" }, name),
          [precision, recall, f1, support].map((value) => make("td", { class: "number-cell" }, value)),
        ),
      ),
    ),
  );
}

/**
 * @param {number[][]} confusion
 * @param {string} id
 */
function confusionTable(confusion, id) {
  const worst = state.worstMistakes(confusion, 3);
  return make(
    "div",
    { class: "confusion-place" },
    make("h4", { id: `${id}-confusion` }, "What is taken for what"),
    worst.length > 0 &&
      make(
        "p",
        { class: "aside" },
        `Most often: ${worst.map(({ truth, read, count }) => `${truth} read as ${read} (${count})`).join(", ")}.`,
      ),
    scrolling(
      "What is taken for what",
      make(
        "table",
        { class: "confusion", "aria-labelledby": `${id}-confusion` },
        make(
          "thead",
          null,
          make(
            "tr",
            null,
            make("th", { scope: "col" }, make("span", { class: "unseen" }, "Truth")),
            confusion.map((_, read) =>
              make("th", { scope: "col" }, make("span", { class: "unseen" }, "read as "), String(read)),
            ),
          ),
        ),
        make(
          "tbody",
          null,
          state.confusionCells(confusion).map((row, truth) =>
            make(
              "tr",
              null,
              make("th", { scope: "row" }, make("span", { class: "unseen" }, "truth "), String(truth)),
              row.map(({ count, right, weight }) => {
                const cell = make("td", { class: count === 0 ? "none" : right ? "right" : "wrong" }, String(count));
                cell.style.setProperty("--weight", weight.toFixed(3));
                return cell;
              }),
            ),
          ),
        ),
      ),
    ),
  );
}

/** @param {Record<string, Record<string, any>>} groups */
function groupTable(groups) {
  const strings = Object.values(groups).some((group) => group.f1 !== undefined);
  return table(
    "Figures by kind of picture",
    ["Kind", "Pictures", "Read exactly", "19 times in 20 between", ...(strings ? ["Digits, F1"] : [])],
    Object.entries(groups).map(([name, group]) =>
      make(
        "tr",
        null,
        make("th", { scope: "row" }, name.replace(":", ": ")),
        make("td", { class: "number-cell" }, group.n?.toLocaleString("en") ?? "–"),
        make("td", { class: "number-cell" }, state.shareWords(group.exact?.value)),
        make("td", { class: "number-cell" }, state.intervalWords(group.exact)),
        strings && make("td", { class: "number-cell" }, state.shareWords(group.f1)),
      ),
    ),
  );
}

/**
 * A table with a head of columns.
 *
 * @param {string} label
 * @param {string[]} columns
 * @param {HTMLTableRowElement[]} rows
 */
export function table(label, columns, rows) {
  const head = columns.map((name) => make("th", { scope: "col" }, name));
  return scrolling(
    label,
    make("table", null, make("thead", null, make("tr", null, head)), make("tbody", null, rows)),
  );
}

/**
 * A table that is wider than a telephone scrolls by itself, by keyboard too.
 *
 * @param {string} label
 * @param {HTMLElement} table
 */
function scrolling(label, table) {
  return make("div", { class: "scrolling", tabindex: "0", role: "group", "aria-label": label }, table);
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string | null} [remark]
 */
function figure(name, value, remark) {
  return make("div", null, make("dt", null, name), make("dd", null, value, remark && make("small", null, remark)));
}
