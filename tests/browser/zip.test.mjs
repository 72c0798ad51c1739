import assert from "node:assert/strict";
import test from "node:test";
import { deflateRawSync } from "node:zlib";
import { checksum, unzip, zipOf } from "../../src/inkread/serve/web/js/state/zip.js";

const bytes = (text) => new TextEncoder().encode(text);
const text = (array) => new TextDecoder().decode(array);

test("the checksum is CRC-32", () => {
  assert.equal(checksum(bytes("123456789")), 0xcbf43926);
  assert.equal(checksum(bytes("")), 0);
});

test("what was put into a zip comes out again, in order, under distinct names", async () => {
  const entries = await unzip(
    zipOf([
      { name: "a.png", bytes: bytes("one") },
      { name: "a.png", bytes: bytes("two") },
      { name: "Zahl-ä.png", bytes: bytes("") },
    ]),
  );
  assert.deepEqual(
    entries.map(({ name }) => name),
    ["a.png", "a (2).png", "Zahl-ä.png"],
  );
  assert.deepEqual(
    entries.map((entry) => text(entry.bytes)),
    ["one", "two", ""],
  );
});

test("deflated files are inflated", async () => {
  const packed = deflateRawSync(bytes("seven ".repeat(50)));
  const zip = zipOf([{ name: "a", bytes: packed }]);
  // Said to be deflated, in the directory at the end.
  const directory = zip.length - 22 - 46 - 1;
  zip[directory + 10] = 8;
  assert.equal(text((await unzip(zip))[0].bytes), "seven ".repeat(50));
});

test("what is no zip is refused", async () => {
  await assert.rejects(unzip(bytes("<html>this is an error page of some proxy</html>")), /no zip/);
});
