/**
 * Puts files into one zip and takes them out of one. Pure, apart from the browser's own inflating.
 *
 * Only what this page needs: files that are stored or deflated, under 4 GB, without encryption (PKWARE APPNOTE 6.3.10).
 *
 * @typedef {{name: string, bytes: Uint8Array}} Entry
 */

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const UTF8_NAMES = 0x0800;
const STORED = 0;
const DEFLATED = 8;
/** 1 January 1980, the first day that a zip can name. */
const DATE = 0x0021;

/**
 * A zip of these files, stored: pictures do not get smaller. Names that are taken get a number.
 *
 * @param {Entry[]} entries
 * @returns {Uint8Array}
 */
export function zipOf(entries) {
  const encoder = new TextEncoder();
  const names = distinct(entries.map(({ name }) => name)).map((name) => encoder.encode(name));
  /** @type {Uint8Array[]} */
  const files = [];
  /** @type {Uint8Array[]} */
  const directory = [];
  let at = 0;
  entries.forEach(({ bytes }, index) => {
    const name = names[index];
    const sum = checksum(bytes);
    const common = [UTF8_NAMES, STORED, 0, DATE];
    const local = new DataView(new ArrayBuffer(30));
    local.setUint32(0, LOCAL, true);
    local.setUint16(4, 20, true);
    common.forEach((value, place) => local.setUint16(6 + 2 * place, value, true));
    describe(local, 14, sum, bytes.length, name.length);
    const central = new DataView(new ArrayBuffer(46));
    central.setUint32(0, CENTRAL, true);
    central.setUint16(4, 20, true);
    central.setUint16(6, 20, true);
    common.forEach((value, place) => central.setUint16(8 + 2 * place, value, true));
    describe(central, 16, sum, bytes.length, name.length);
    central.setUint32(42, at, true);
    files.push(new Uint8Array(local.buffer), name, bytes);
    directory.push(new Uint8Array(central.buffer), name);
    at += 30 + name.length + bytes.length;
  });
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, END, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, at, true);
  return joined([...files, ...directory, new Uint8Array(end.buffer)]);
}

/**
 * The files of a zip, in their order.
 *
 * @param {Uint8Array} zip
 * @returns {Promise<Entry[]>}
 */
export async function unzip(zip) {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  let end = zip.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw new Error("this is no zip");
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  /** @type {Entry[]} */
  const entries = [];
  for (let index = 0; index < count; index += 1) {
    const method = view.getUint16(at + 10, true);
    const size = view.getUint32(at + 20, true);
    const named = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(zip.subarray(at + 46, at + 46 + named));
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const bytes = zip.slice(start, start + size);
    if (method !== STORED && method !== DEFLATED) throw new Error(`${name} is packed in an unknown way (${method})`);
    entries.push({ name, bytes: method === DEFLATED ? await inflated(bytes) : bytes });
    at += 46 + named + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {number} sum
 * @param {number} size
 * @param {number} named
 */
function describe(view, at, sum, size, named) {
  view.setUint32(at, sum, true);
  view.setUint32(at + 4, size, true);
  view.setUint32(at + 8, size, true);
  view.setUint16(at + 12, named, true);
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * CRC-32 as zip and PNG use it.
 *
 * @param {Uint8Array} bytes
 * @returns {number}
 */
export function checksum(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/**
 * @param {string[]} names
 * @returns {string[]}
 */
function distinct(names) {
  /** @type {Set<string>} */
  const taken = new Set();
  return names.map((name) => {
    let free = name;
    for (let count = 2; taken.has(free); count += 1) free = name.replace(/(\.[^.]*)?$/, ` (${count})$1`);
    taken.add(free);
    return free;
  });
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
