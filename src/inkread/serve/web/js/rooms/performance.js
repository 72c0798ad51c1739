/** The room that shows how well the bundled models read: the reports of the server and nothing else. */
import * as api from "../api.js";
import { byteSize } from "../state/reading.js";
import * as state from "../state/report.js";
import { fill, make } from "../ui/dom.js";
import { remark, trouble } from "../ui/notice.js";
import { linePlot } from "../ui/plot.js";
import { reportSection, table, TASKS } from "../ui/report.js";

/** @param {import("../app.js").Context} context */
export function open({ main, signal }) {
  const content = make(
    "div",
    { class: "reports", "aria-busy": "true" },
    make("p", { class: "empty" }, "Fetching the reports …"),
  );
  main.append(
    make(
      "div",
      { class: "room-head" },
      make("h1", null, "Performance"),
      make(
        "p",
        null,
        "How often the bundled models are right, measured on writing that they have never seen. Every figure can be made again with the command beside it. ",
        make("a", { href: "/lab" }, "Measure and train them yourself in the lab."),
      ),
    ),
    content,
  );
  load();

  async function load() {
    try {
      const [{ reports }, { models }] = await Promise.all([api.reports(), api.models()]);
      if (signal.aborted) return;
      content.removeAttribute("aria-busy");
      fill(
        content,
        models.length > 0 && modelTable(models),
        reports.length > 0
          ? measured(reports)
          : remark("No report has been written yet", "Run inkread evaluate, and its figures appear here."),
        state.trainings(reports, models).map(training),
      );
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof api.RequestFailed)) throw error;
      content.removeAttribute("aria-busy");
      fill(content, trouble(error.words, { label: "Try again", act: load }));
    }
  }
}

/** @param {state.Card[]} models */
function modelTable(models) {
  return make(
    "section",
    { "aria-labelledby": "models" },
    make("h2", { id: "models" }, "Models"),
    table(
      "Models",
      ["Model", "Reads", "Size", "Weights", "Trained"],
      models.map((model) =>
        make(
          "tr",
          null,
          make("th", { scope: "row" }, make("code", null, model.name)),
          make("td", null, TASKS[model.task] ?? model.task),
          make("td", { class: "number-cell" }, model.bytes ? byteSize(model.bytes) : "–"),
          make("td", { class: "number-cell" }, model.training?.parameters?.toLocaleString("en") ?? "–"),
          make("td", null, model.training?.date ?? "–"),
        ),
      ),
    ),
  );
}

/** @param {state.Training} given */
function training({ model, words, loss, validation }) {
  const id = `training-${model}`;
  return make(
    "section",
    { class: "training", "aria-labelledby": id },
    make("h2", { id }, "Training of ", make("code", null, model)),
    words && make("p", { class: "aside" }, words),
    make(
      "div",
      { class: "plots" },
      linePlot({ label: "Loss", x: "step", y: "loss", series: loss, from: [0, 0] }),
      validation.length > 0 &&
        linePlot({ label: "On writing held out from training", x: "step", y: "right in %", series: validation }),
    ),
  );
}

/** @param {state.Report[]} reports */
function measured(reports) {
  return make(
    "section",
    { "aria-labelledby": "measured" },
    make("h2", { id: "measured" }, "Measured"),
    make("div", { class: "report-list" }, reports.map(reportSection)),
  );
}
