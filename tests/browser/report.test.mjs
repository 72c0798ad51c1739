import assert from "node:assert/strict";
import test from "node:test";
import * as report from "../../src/inkread/serve/web/js/state/report.js";

test("accuracy stands with its interval", () => {
  const share = { value: 0.99712, interval: [0.9959, 0.998], hits: 9971, n: 10000 };
  assert.deepEqual(report.accuracyWords(share), {
    value: "99.71 %",
    interval: "between 99.59 and 99.80 %, 19 times in 20",
  });
  assert.equal(report.accuracyWords(null).value, "not measured");
  assert.equal(report.accuracyWords({ value: null, interval: null, hits: 0, n: 0 }).value, "not measured");
});

test("mistakes are weighed among themselves, what is right by its row", () => {
  const cells = report.confusionCells([
    [90, 10],
    [0, 50],
  ]);
  assert.equal(cells[0][0].weight, 0.9);
  assert.equal(cells[0][1].weight, 1);
  assert.equal(cells[1][0].weight, 0);
  assert.ok(cells[1][1].right && !cells[0][1].right);
});

test("the worst mistakes come first", () => {
  const worst = report.worstMistakes(
    [
      [9, 1, 0],
      [4, 9, 2],
      [0, 0, 9],
    ],
    2,
  );
  assert.deepEqual(worst, [
    { truth: 1, read: 0, count: 4 },
    { truth: 1, read: 2, count: 2 },
  ]);
});

test("training curves are the loss and a few sets of digits, without what is missing", () => {
  const rows = [
    { step: 100, loss: 2, rate: 0.1 },
    { step: 200, loss: 1, rate: 0.1, mnist: 98, "phone-others": 90, a: 1, b: 2, c: 3, d: 4 },
  ];
  const { loss, validation } = report.trainingCurves({ curves: { training: rows } });
  assert.deepEqual(loss, [
    {
      name: "loss",
      points: [
        [100, 2],
        [200, 1],
      ],
    },
  ]);
  assert.deepEqual(validation[0], { name: "mnist", points: [[200, 98]] });
  assert.deepEqual(
    validation.map(({ name }) => name),
    ["mnist", "a", "b", "c"],
  );
  assert.deepEqual(report.trainingCurves({ curves: null }), { loss: [], validation: [] });
});

test("what was measured on stands in words", () => {
  assert.equal(report.dataWords({ data: { name: "mnist", split: "test", perturbation: null, n: 10 } }), "mnist, test");
  assert.equal(report.dataWords({ data: { name: "my/scans/manifest.jsonl", split: null } }), "my/scans");
  assert.equal(report.dataWords({ data: {} }), "unnamed data");
});

test("axes have round marks inside their range", () => {
  assert.deepEqual(report.axisMarks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(report.axisMarks(97.3, 99.7, 4), [98, 99]);
  assert.deepEqual(report.axisMarks(5, 5, 4), [5]);
  assert.equal(report.scaled(5, [0, 10], [100, 0]), 50);
  assert.equal(report.scaled(5, [5, 5], [0, 10]), 5);
});

test("a figure that is missing is a dash, never a zero", () => {
  const rows = report.classRows({ per_class: { 3: { precision: null, recall: 0.5, f1: null, support: 0 } } });
  assert.deepEqual(rows, [{ name: "3", precision: "–", recall: "50.00 %", f1: "–", support: "0" }]);
  assert.deepEqual(report.classRows({ per_class: null }), []);
});

test("a bin of few samples weighs little", () => {
  const bins = [100, 25, 0].map((n) => ({ low: 0, high: 1, n, confidence: 0.5, accuracy: 0.5 }));
  assert.deepEqual(report.binWeights(bins), [1, 0.5, 0]);
});

test("a training is shown once a model, by the report that has its curves", () => {
  const rows = [{ step: 10, loss: 1, mnist: 99 }];
  const models = [
    { name: "digit-1", task: "digit", training: { samples: 5000, device: "CPU" } },
    { name: "line-2", task: "line" },
    { name: "other-3", task: "other" },
  ];
  const told = report.trainings(
    [
      { task: "digit", model: { digit: "digit-0" }, curves: { training: rows, trained: "digit-0" } },
      { task: "digit", model: { digit: "digit-1" }, curves: null },
      { task: "lines", model: { digit: "digit-1", line: "line-2" }, curves: { training: [], trained: "digit-1" } },
      { task: "digit", model: { digit: "digit-1" }, curves: { training: rows, trained: "digit-1" } },
      { task: "pages", model: { digit: "digit-1", line: "line-2" }, curves: { training: rows, trained: "line-2" } },
    ],
    models,
  );
  assert.deepEqual(
    told.map(({ model, words }) => [model, words]),
    [
      ["digit-1", "5,000 crops seen, on CPU."],
      ["line-2", ""],
    ],
  );
  assert.deepEqual(told[0].validation, [{ name: "mnist", points: [[10, 99]] }]);
});

test("the spread of mistakes over writers stands in words", () => {
  const words = (writers) => report.writerWords({ writers });
  assert.equal(
    words({ n: 9, with_errors: [6, 2, 1], with_half_of_errors: 1 }),
    "9 writers, 6 of them without a mistake. Half of all mistakes are on 1 hand.",
  );
  assert.equal(words({ n: 2, with_errors: [2], with_half_of_errors: 0 }), "2 writers, 2 of them without a mistake.");
  assert.equal(words(null), "");
  assert.equal(report.intervalWords({ value: 0.5, interval: [0.25, 0.75], hits: 1, n: 2 }), "25.0 % and 75.0 %");
  assert.equal(report.intervalWords(null), "–");
});
