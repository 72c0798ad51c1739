import assert from "node:assert/strict";
import test from "node:test";
import * as reading from "../../src/inkread/serve/web/js/state/reading.js";

const digit = (value, confidence, alternatives = []) => ({
  value,
  confidence,
  box: [0, 0, 1, 1],
  quad: [],
  alternatives,
});
const number = (text, accepted = true) => ({
  text,
  confidence: 0.9,
  accepted,
  box: [0, 0, 1, 1],
  marks: [],
  digits: [...text].map((value) => digit(value, 0.9)),
});
const line = (numbers, problem = null) => ({
  text: numbers.map(({ text }) => text).join(" "),
  confidence: numbers.length ? 0.9 : null,
  alternatives: [],
  numbers,
  problem,
});
const page = (lines, problem = null) => ({ index: 0, width: 10, height: 10, dpi: null, problem, lines });
const sheet = (pages, problem = null) => ({ schema: 1, source: "a", model: {}, seconds: 0, problem, pages });

test("text has a line a line, leaves out what could not be read, and keeps leading zeros", () => {
  const unread = line([], { code: "too_blurred", message: "Too blurred." });
  const document = sheet([page([line([number("12"), number("007")]), unread]), page([line([number("5")])])]);
  assert.equal(reading.textOf(document), "12 007\n5");
  assert.equal(reading.problemOf(document), "Too blurred.");
  assert.equal(reading.readLines(document).length, 2);
});

test("digits come in reading order with what they stand in", () => {
  const document = sheet([page([line([number("12"), number("3")])]), page([line([number("4")])])]);
  const placed = reading.placedDigits(document);
  assert.deepEqual(
    placed.map(({ digit: { value } }) => value),
    ["1", "2", "3", "4"],
  );
  assert.equal(placed[2].number.text, "3");
  assert.equal(placed[3].page, document.pages[1]);
});

test("the summary counts, and says what the threshold left out", () => {
  assert.equal(reading.summary(sheet([page([line([number("1")])])])), "1 number, 1 digit");
  assert.equal(
    reading.summary(sheet([page([line([number("12"), number("34", false)])])])),
    "2 numbers, 4 digits, 1 below the threshold",
  );
  assert.equal(reading.summary(sheet([page([])])), "No numbers");
});

test("a share is never rounded to certainty", () => {
  assert.equal(reading.percent(1), "100 %");
  assert.equal(reading.percent(0.999), "over 99 %");
  assert.equal(reading.percent(0.0001), "under 1 %");
  assert.equal(reading.percent(0), "0 %");
  assert.equal(reading.percent(0.876), "88 %");
  assert.equal(reading.percent(null), "not known");
});

test("certainty has the limits of the annotated pictures", () => {
  const kinds = [1, 0.95, 0.9499, 0.8, 0.79, null].map(reading.certainty);
  assert.deepEqual(kinds, ["sure", "sure", "likely", "likely", "unsure", "unread"]);
});

test("numbers are said digit by digit", () => {
  assert.equal(reading.spoken("12 07\n3"), "1 2, 0 7, 3");
  assert.equal(reading.spoken(""), "");
});

test("the chart has all ten digits in order, and the rest is no digit", () => {
  const alternatives = [
    { value: "7", probability: 0.9 },
    { value: "1", probability: 0.06 },
  ];
  const { values, none } = reading.chartOf(digit("7", 0.9, alternatives));
  assert.deepEqual(
    values.map(({ value }) => value),
    [..."0123456789"],
  );
  assert.equal(values[7].probability, 0.9);
  assert.equal(values[2].probability, 0);
  assert.ok(Math.abs(none - 0.04) < 1e-9);
});

test("times and sizes are written as people write them", () => {
  assert.equal(reading.duration(0.0213), "21 ms");
  assert.equal(reading.duration(2.34), "2.3 s");
  assert.equal(reading.dayOf(1_792_000_000), "2026-10-14");
  assert.equal(reading.byteSize(512), "512 B");
  assert.equal(reading.byteSize(20480), "20 KB");
  assert.equal(reading.byteSize(3_500_000), "3.3 MB");
});
