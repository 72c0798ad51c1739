import assert from "node:assert/strict";
import test from "node:test";
import * as samples from "../../src/inkread/serve/web/js/state/samples.js";

const OPEN = { address: "http://127.0.0.1:8000", key: false };
const GUARDED = { address: "https://read.example", key: true };

test("a key is asked for only where there are accounts", () => {
  for (const make of [
    samples.readWithCurl,
    samples.textWithCurl,
    samples.readWithPython,
    samples.strokesWithJavaScript,
  ]) {
    assert.doesNotMatch(make(OPEN), /Bearer/);
    assert.match(make(GUARDED), /Bearer/);
    assert.ok(make(OPEN).includes(OPEN.address));
  }
});

test("sockets have the scheme that goes with the page's", () => {
  assert.ok(samples.videoWithJavaScript(OPEN).includes("ws://127.0.0.1:8000/v1/live"));
  assert.ok(samples.videoWithJavaScript(GUARDED).includes("wss://read.example/v1/live"));
});

test("programs in JavaScript are JavaScript, and the answer is JSON", () => {
  const AsyncFunction = (async () => {}).constructor;
  for (const make of [samples.strokesWithJavaScript, samples.videoWithJavaScript]) {
    assert.ok(new AsyncFunction("frame", "key", make(GUARDED)));
  }
  assert.equal(JSON.parse(samples.answer()).documents[0].pages[0].lines[0].text, "1250");
});
