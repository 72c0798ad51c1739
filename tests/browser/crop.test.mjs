import assert from "node:assert/strict";
import test from "node:test";
import * as crop from "../../src/inkread/serve/web/js/state/crop.js";

const SIZE = { width: 200, height: 100 };
const MIDDLE = { x0: 50, y0: 20, x1: 150, y1: 80 };

test("a moved rectangle keeps its size and stays inside", () => {
  assert.deepEqual(crop.moved(MIDDLE, 10, -5, SIZE), { x0: 60, y0: 15, x1: 160, y1: 75 });
  assert.deepEqual(crop.moved(MIDDLE, 999, 999, SIZE), { x0: 100, y0: 40, x1: 200, y1: 100 });
  assert.deepEqual(crop.moved(MIDDLE, -999, -999, SIZE), { x0: 0, y0: 0, x1: 100, y1: 60 });
});

test("every handle moves its own sides and no other", () => {
  const moves = {
    nw: { x0: 60, y0: 25 },
    n: { y0: 25 },
    ne: { x1: 160, y0: 25 },
    e: { x1: 160 },
    se: { x1: 160, y1: 85 },
    s: { y1: 85 },
    sw: { x0: 60, y1: 85 },
    w: { x0: 60 },
  };
  for (const handle of crop.HANDLES) {
    assert.deepEqual(crop.resized(MIDDLE, handle, 10, 5, SIZE, 12), { ...MIDDLE, ...moves[handle] }, handle);
  }
});

test("a rectangle is never turned inside out, smaller than its least or larger than the picture", () => {
  for (const handle of crop.HANDLES) {
    for (const [dx, dy] of [
      [-900, -900],
      [900, 900],
      [-900, 900],
      [900, -900],
    ]) {
      const { x0, y0, x1, y1 } = crop.resized(MIDDLE, handle, dx, dy, SIZE, 12);
      assert.ok(x0 >= 0 && y0 >= 0 && x1 <= 200 && y1 <= 100, handle);
      assert.ok(x1 - x0 >= 12 && y1 - y0 >= 12, handle);
    }
  }
});

test("arrow keys move, with Shift they resize, and other keys are left alone", () => {
  assert.equal(crop.keyed(MIDDLE, "ArrowRight", false, SIZE, 12).x0, 54);
  assert.deepEqual(crop.keyed(MIDDLE, "ArrowUp", true, SIZE, 12), { ...MIDDLE, y1: 76 });
  assert.equal(crop.keyed(MIDDLE, "Tab", false, SIZE, 12), null);
});

test("a drag in any direction spans a rectangle", () => {
  assert.deepEqual(crop.spanned({ x: 90, y: 70 }, { x: 30, y: 10 }, SIZE, 12), { x0: 30, y0: 10, x1: 90, y1: 70 });
  const point = crop.spanned({ x: 199, y: 99 }, { x: 199, y: 99 }, SIZE, 12);
  assert.deepEqual(point, { x0: 188, y0: 88, x1: 200, y1: 100 });
});

test("the whole picture is no region, everything else is whole pixels", () => {
  assert.equal(crop.regionOf(crop.whole(SIZE), SIZE), null);
  assert.deepEqual(crop.regionOf({ x0: 10.6, y0: 0, x1: 99.2, y1: 99.9 }, SIZE), [10, 0, 100, 100]);
});

test("a centered rectangle takes its shares, and is described in words", () => {
  const rectangle = crop.centered(SIZE, 0.5, 0.6);
  assert.deepEqual(rectangle, MIDDLE);
  assert.equal(crop.described(rectangle, SIZE), "25 to 75 % across, 20 to 80 % down");
});
