import assert from "node:assert/strict";
import test from "node:test";
import { heatPixels, oddsWords, rivals } from "../../src/inkread/serve/web/js/state/explanation.js";

test("odds are said with the larger number where it belongs", () => {
  assert.equal(oddsWords(0), "1 to 1");
  assert.equal(oddsWords(Math.log(2.5)), "2.5 to 1");
  assert.equal(oddsWords(-Math.log(4321)), "1 to 4,300");
  assert.equal(oddsWords(900), "over 1,000,000 to 1");
});

test("a digit's rivals are the others, likeliest first", () => {
  const alternatives = ["7", "1", "9"].map((value) => ({ value, probability: 0.1 }));
  assert.deepEqual(rivals({ value: "7", alternatives }), ["1", "9"]);
});

test("heat is orange for, blue against, and clear where nothing was said", () => {
  const pixels = heatPixels([
    [1, 0],
    [-0.25, 0.25],
  ]);
  assert.deepEqual([...pixels.slice(0, 4)], [213, 94, 0, 255]);
  assert.equal(pixels[7], 0);
  assert.deepEqual([...pixels.slice(8, 12)], [0, 114, 178, 128]);
  assert.equal(pixels[15], 128);
});
