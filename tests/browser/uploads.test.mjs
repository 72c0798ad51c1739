import assert from "node:assert/strict";
import test from "node:test";
import * as uploads from "../../src/inkread/serve/web/js/state/uploads.js";

const LIMITS = { maxBytes: 1_000_000, mediaTypes: ["image/png"], suffixes: [".png", ".tif"] };
const file = (name, size = 100) => ({ name, size, type: "" });
const three = uploads.added(uploads.NONE, [file("a.png"), file("b.png"), file("c.png")], LIMITS);

test("the first file chosen is looked at, and later ones do not take its place", () => {
  assert.equal(uploads.shown(three).name, "a.png");
  assert.equal(uploads.shown(uploads.added(three, [file("d.png")], LIMITS)).name, "a.png");
  assert.deepEqual(
    three.uploads.map(({ id }) => id),
    [1, 2, 3],
  );
});

test("empty and oversized files fail at once, in words, and are not sent", () => {
  const state = uploads.added(three, [file("empty.png", 0), file("huge.tif", 2_500_000)], LIMITS);
  assert.deepEqual(
    state.uploads.slice(3).map(({ stage }) => stage),
    ["failed", "failed"],
  );
  assert.match(state.uploads[4].words.text, /2\.5 MB; up to 1 MB/);
  assert.equal(uploads.pending(state).length, 3);
});

test("a name alone never refuses a file: its content is what counts", () => {
  assert.equal(uploads.refusal(file("scan.xyz"), LIMITS), null);
});

test("removing the file that is looked at shows its neighbor", () => {
  assert.equal(uploads.shown(uploads.removed(uploads.chosen(three, 2), 2)).name, "c.png");
  assert.equal(uploads.shown(uploads.removed(uploads.chosen(three, 3), 3)).name, "b.png");
  assert.equal(uploads.shown(uploads.removed(three, 3)).name, "a.png");
  const none = [1, 2, 3].reduce(uploads.removed, three);
  assert.equal(uploads.shown(none), null);
});

test("a new crop asks for a new reading of that file alone", () => {
  const read = uploads.changed(uploads.changed(three, 1, { stage: "done", document: {} }), 2, {
    stage: "done",
    document: {},
  });
  const state = uploads.cropped(read, 1, { x0: 0, y0: 0, x1: 5, y1: 5 });
  assert.deepEqual(
    uploads.pending(state).map(({ id }) => id),
    [1, 3],
  );
  assert.equal(state.uploads[0].document, null);
  assert.equal(state.uploads[1].stage, "done");
});

test("progress is told in words", () => {
  assert.equal(uploads.progressWords(uploads.NONE), "");
  assert.equal(uploads.progressWords(three), "3 files, ready to read");
  const busy = uploads.changed(uploads.changed(three, 1, { stage: "done" }), 2, { stage: "sending" });
  assert.ok(uploads.isBusy(busy));
  assert.equal(uploads.progressWords(busy), "Reading 2 of 3");
  const end = [2, 3].reduce((state, id) => uploads.changed(state, id, { stage: id === 2 ? "failed" : "done" }), busy);
  assert.equal(uploads.progressWords(end), "2 of 3 read, 1 could not be read");
});

test("the chooser offers what is taken, and saved files are named after their picture", () => {
  assert.equal(uploads.acceptOf(LIMITS), "image/png,.png,.tif");
  assert.equal(uploads.savedName("cheque 1.jpg", "csv"), "cheque 1-inkread.csv");
  assert.equal(uploads.savedName(".jpg", "csv"), "inkread-inkread.csv");
});
