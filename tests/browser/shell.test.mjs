import assert from "node:assert/strict";
import test from "node:test";
import * as pace from "../../src/inkread/serve/web/js/state/pace.js";
import * as routes from "../../src/inkread/serve/web/js/state/routes.js";
import { documentsFile, joinedTables } from "../../src/inkread/serve/web/js/state/save.js";
import * as words from "../../src/inkread/serve/web/js/state/words.js";

test("every room has its address, other addresses have none", () => {
  for (const room of ["draw", "upload", "camera", "live", "performance", "api", "login"]) {
    assert.equal(routes.roomAt(`/${room}`).room, room);
    assert.equal(routes.roomAt(`/${room}/`).path, `/${room}`);
  }
  assert.equal(routes.roomAt("/").room, "home");
  assert.equal(routes.roomAt("/docs"), null);
  assert.equal(routes.roomAt("constructor"), null);
});

test("signing in leads back to a room, never to another site", () => {
  assert.equal(routes.nextAfterLogin("?next=/draw"), "/draw");
  for (const hostile of [
    "//evil.example",
    "https://evil.example/draw",
    "/\\evil.example",
    "javascript:alert(1)",
    "/login",
    "",
  ]) {
    assert.equal(routes.nextAfterLogin(`?next=${encodeURIComponent(hostile)}`), "/", hostile);
  }
  assert.equal(routes.loginAddress("/upload"), "/login?next=%2Fupload");
  assert.equal(routes.loginAddress("/"), "/login");
});

test("one question at a time, and always about the newest state", () => {
  let state = pace.want(pace.REST, 1);
  assert.ok(pace.isDue(state));
  state = pace.ask(state);
  state = pace.want(pace.want(state, 2), 3);
  assert.ok(!pace.isDue(state));
  state = pace.answer(state);
  assert.equal(state.answered, 1);
  state = pace.ask(state);
  assert.equal(state.asking, 3);
  assert.ok(!pace.isDue(pace.answer(state)));
});

test("failures are told in words, with the server's own sentence where it says more", () => {
  assert.match(words.wordsFor({ status: 0, code: "Offline" }).title, /cannot be reached/);
  const wrong = words.wordsFor({ status: 415, code: "UnsupportedSource", detail: "a.txt is text; JPEG … are taken" });
  assert.match(wrong.text, /a\.txt is text/);
  assert.match(words.wordsFor({ status: 429, code: "TooManyRequests", retryAfter: 7 }).text, /in 7 s/);
  assert.match(words.wordsFor({ status: 502, code: "" }).text, /502/);
  assert.equal(words.wordsFor({ status: 418, code: "Teapot", title: "I am a teapot", detail: "short" }).text, "short");
});

test("a camera that cannot be had is explained", () => {
  const titles = ["NotAllowedError", "NotFoundError", "NotReadableError", "TypeError"].map(
    (name) => words.cameraWords(name, true).title,
  );
  assert.equal(new Set(titles).size, 4);
  assert.match(words.cameraWords("NotAllowedError", false).text, /https/);
});

test("only a connection that may come back is tried again", () => {
  assert.ok(words.socketWords(1006).again && words.socketWords(1013).again);
  assert.ok(!words.socketWords(1008).again && !words.socketWords(1009).again);
});

test("tables are joined under one heading", () => {
  assert.equal(joinedTables(["a,b\n1,2\n", "a,b\n3,4", "a,b\n"]), "a,b\n1,2\n3,4\n");
  assert.deepEqual(JSON.parse(documentsFile([{ schema: 1 }])), { documents: [{ schema: 1 }], errors: [] });
});
