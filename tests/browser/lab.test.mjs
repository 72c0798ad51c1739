import assert from "node:assert/strict";
import test from "node:test";
import * as lab from "../../src/inkread/serve/web/js/state/lab.js";

const JOB = {
  kind: "train",
  data: "mnist",
  state: "running",
  done: 1000,
  total: 50000,
  seconds: 12.4,
  curve: [
    { step: 5, steps: 20, loss: 2, samples_per_second: 100, figures: null },
    { step: 10, steps: 20, loss: 1, samples_per_second: 100, figures: { a: 80, b: 90 } },
  ],
  report: null,
  error: null,
};

test("a sample is right or wrong, and what is no digit is neither", () => {
  assert.equal(lab.verdict({ label: "7", reading: "7" }), "right");
  assert.equal(lab.verdict({ label: "7", reading: "1" }), "wrong");
  assert.equal(lab.verdict({ label: "1250", reading: "" }), "wrong");
  assert.equal(lab.verdict({ label: "A", reading: "4" }), "other");
});

test("a place in a set stands in words", () => {
  assert.equal(lab.placeWords({ n: 10000, start: 9960, samples: Array(40) }), "9,961 to 10,000 of 10,000");
  assert.equal(lab.placeWords({ n: 5, start: 10, samples: [] }), "None of 5");
});

test("a job tells how far it is, and how it ended", () => {
  assert.equal(lab.jobWords(JOB), "Training on mnist: 1,000 of 50,000, 12 s");
  assert.equal(lab.jobWords({ ...JOB, state: "done" }), "Training on mnist: done in 12.4 s");
  assert.equal(lab.jobWords({ ...JOB, state: "canceled" }), "Training on mnist: canceled after 1,000 of 50,000");
  assert.equal(lab.jobWords({ ...JOB, kind: "evaluate", state: "failed", error: "no split" }), "Reading mnist: no split");
});

test("curves hold the loss of every row and the mean of every validation", () => {
  assert.deepEqual(lab.jobCurves(JOB), {
    loss: [
      [5, 2],
      [10, 1],
    ],
    right: [[10, 85]],
  });
});

test("a sample is charted as a digit, the likeliest first", () => {
  const sample = { index: 3, label: "1", picture: "", reading: "1", confidence: 0.7, probabilities: [0.3, 0.7] };
  const { digit, number } = lab.chartedDigit(sample, [28, 20]);
  assert.deepEqual(
    digit.alternatives.map(({ value }) => value),
    ["1", "0"],
  );
  assert.deepEqual(digit.box, [0, 0, 28, 20]);
  assert.deepEqual(number, { text: "1", confidence: 0.7 });
  assert.equal(lab.shortShare(0.9999), "99 %");
  assert.equal(lab.shortShare(null), "–");
});
