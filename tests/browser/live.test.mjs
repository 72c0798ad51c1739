import assert from "node:assert/strict";
import test from "node:test";
import * as live from "../../src/inkread/serve/web/js/state/live.js";

const answer = (frame, text = "7", frames = 1) => ({
  frame,
  document: { pages: [] },
  steady: { text, frames },
  rate: 20,
});

test("at most two frames are on their way", () => {
  let state = live.IDLE;
  assert.ok(live.maySend(state, 0));
  state = live.sent(live.sent(state, 0), 10);
  assert.ok(!live.maySend(state, 20));
  assert.ok(live.maySend(live.received(state, answer(1), 30), 30));
});

test("an answer ends the waiting for frames that it overtook", () => {
  const state = live.received(live.sent(live.sent(live.IDLE, 0), 10), answer(2), 50);
  assert.equal(state.sent.length, 0);
  assert.deepEqual(state.latencies, [40]);
});

test("answers that come late are not shown after newer ones", () => {
  const newer = live.received(live.sent(live.sent(live.IDLE, 0), 5), answer(2, "12"), 50);
  assert.equal(live.received(newer, answer(1, "99"), 60), newer);
});

test("frames that are never answered do not stop the video", () => {
  const stuck = live.sent(live.sent(live.IDLE, 0), 0);
  assert.ok(!live.maySend(stuck, 1000));
  assert.ok(live.maySend(stuck, 2500));
});

test("a frame that could not be read makes room for the next", () => {
  const state = live.sent(live.sent(live.IDLE, 0), 0);
  assert.ok(live.maySend(live.refused(state, 1), 1));
  assert.equal(live.refused(state, null), state);
});

test("the usual latency is the median", () => {
  assert.equal(live.usualLatency(live.IDLE), null);
  assert.equal(live.usualLatency({ ...live.IDLE, latencies: [10, 900, 30] }), 30);
});

test("a reading is steady from five frames on", () => {
  assert.equal(live.steadyWords({ text: "7", frames: 4 }), "Hold still");
  assert.equal(live.steadyWords({ text: "734", frames: 12 }), "Steady for 12 frames");
  assert.equal(live.steadyWords({ text: "", frames: 40 }), "No numbers in the frame");
  assert.ok(!live.isSteady({ text: "", frames: 40 }));
});

test("a message is eight bytes of number, the least first, then the picture", () => {
  const message = new Uint8Array(live.frameMessage(258, new Uint8Array([9, 8]).buffer));
  assert.deepEqual([...message], [2, 1, 0, 0, 0, 0, 0, 0, 9, 8]);
});

test("a connection is tried again after longer and longer, but at most ten seconds", () => {
  assert.deepEqual([0, 1, 2, 9].map(live.retryDelay), [500, 1000, 2000, 10_000]);
});
