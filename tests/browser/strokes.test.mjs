import assert from "node:assert/strict";
import test from "node:test";
import * as strokes from "../../src/inkread/serve/web/js/state/strokes.js";

const drawn = (state, x) => strokes.finish(strokes.extend(strokes.begin(state, [x, 0, 0, 0.5], 4), [[x, 10, 5, 0.5]]));

test("a stroke is what lies between pen down and pen up", () => {
  const begun = strokes.begin(strokes.EMPTY, [1, 2, 0, 0.5], 6);
  assert.equal(begun.strokes.length, 0);
  assert.equal(strokes.allStrokes(begun).length, 1);
  const done = strokes.finish(strokes.extend(begun, [[3, 4, 5, 0.6]]));
  assert.deepEqual(done.strokes, [
    {
      points: [
        [1, 2, 0, 0.5],
        [3, 4, 5, 0.6],
      ],
      width: 6,
    },
  ]);
  assert.equal(done.current, null);
});

test("points that do not move are left out", () => {
  const begun = strokes.begin(strokes.EMPTY, [1, 1, 0, 0.5], 6);
  assert.equal(strokes.extend(begun, [[1, 1, 4, 0.5]]), begun);
  assert.equal(
    strokes.extend(begun, [
      [2, 1, 4, 0.5],
      [2, 1, 5, 0.5],
    ]).current.points.length,
    2,
  );
});

test("undo takes strokes back one by one, redo brings them again", () => {
  const two = drawn(drawn(strokes.EMPTY, 1), 2);
  const one = strokes.undo(two);
  assert.equal(one.strokes.length, 1);
  assert.deepEqual(strokes.redo(one).strokes, two.strokes);
  assert.deepEqual(strokes.undo(one).strokes, []);
  assert.deepEqual(strokes.undo(strokes.undo(one)).strokes, []);
});

test("clearing can be undone", () => {
  const two = drawn(drawn(strokes.EMPTY, 1), 2);
  const cleared = strokes.clear(two);
  assert.ok(strokes.isEmpty(cleared));
  assert.deepEqual(strokes.undo(cleared).strokes, two.strokes);
  assert.equal(strokes.clear(strokes.EMPTY), strokes.EMPTY);
});

test("a new stroke forgets what could be redone", () => {
  const branched = drawn(strokes.undo(drawn(drawn(strokes.EMPTY, 1), 2)), 3);
  assert.equal(branched.future.length, 0);
  assert.equal(strokes.redo(branched), branched);
  assert.deepEqual(
    branched.strokes.map(({ points }) => points[0][0]),
    [1, 3],
  );
});

test("a stroke that becomes a gesture leaves no trace", () => {
  const one = drawn(strokes.EMPTY, 1);
  assert.deepEqual(strokes.abandon(strokes.begin(one, [9, 9, 0, 0.5], 4)), one);
});

test("earlier states never change", () => {
  const one = drawn(strokes.EMPTY, 1);
  const copy = structuredClone(one);
  strokes.clear(drawn(strokes.undo(one), 2));
  assert.deepEqual(one, copy);
});

test("requests hold positions to a tenth of a pixel", () => {
  const state = strokes.finish(strokes.begin(strokes.EMPTY, [1.2345, 6.789, 12.7, 0.123], 4));
  assert.deepEqual(strokes.requestOf(state.strokes), { strokes: [[[1.2, 6.8, 13, 0.12]]] });
});

test("a mouse draws at the chosen width, a pen thinner or thicker", () => {
  assert.equal(strokes.lineWidth(8, 0.5), 8);
  assert.ok(strokes.lineWidth(8, 0.1) < 8);
  assert.equal(strokes.lineWidth(8, 1), 12);
});
