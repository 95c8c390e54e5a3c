/** The same keys as the server's, and places between the keys of others. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { compareItems, END, isKey, keyBetween, keysBehind, keysBetween } from "../../webroot/src/offline/order";

interface Made {
  single: [low: string | null, high: string | null, key: string][];
  several: [low: string | null, high: string | null, count: number, keys: string[]][];
  keys: [text: string, isKey: boolean][];
}
const made = JSON.parse(readFileSync(process.env["KEYS"] as string, "utf8")) as Made;

test("the server makes the same keys", () => {
  assert(made.single.length >= 3000);
  for (const [low, high, key] of made.single) assert.equal(keyBetween(low, high), key, `${low} ${high}`);
  for (const [low, high, count, keys] of made.several) assert.deepEqual(keysBetween(low, high, count), keys);
});

test("both take the same texts for keys", () => {
  for (const [text, is] of made.keys) assert.equal(isKey(text), is, text);
});

test("no key fits between equal ones, nor the wrong way round", () => {
  for (const [low, high] of [["a1", "a1"], ["a2", "a1"], ["", null], ["a10", null]] as const) {
    assert.throws(() => keyBetween(low, high), RangeError);
  }
});

const items = ["a0", "a1", "a1", "a2"].map((position, index) => ({ id: `i${index}`, position }));

test("a place between equal keys is the one before the next other key", () => {
  for (const place of ["i1", "i2"]) {
    const [key] = keysBehind(items, place, 1);
    assert(key && key > "a1" && key < "a2");
  }
});

test("in front, behind all, behind what is gone, and past what leaves", () => {
  assert.equal(keysBehind(items, null, 1)[0], keyBetween(null, "a0"));
  assert.equal(keysBehind(items, END, 1)[0], "a3");
  assert.equal(keysBehind(items, "unknown", 1)[0], "a3");
  assert.deepEqual(keysBehind([], END, 2), ["a0", "a1"]);
  assert.equal(keysBehind(items, "i2", 1, "i3")[0], "a2", "the moving one's own place is free");
  assert.deepEqual(keysBehind([{ id: "x", position: "?" }], END, 1), ["a0"], "a strange key is no neighbour");
});

test("items are in the order of their bytes", () => {
  const sorted = ["b", "Z", "a", "A"].map((id) => ({ id, position: "a0" })).sort(compareItems);
  assert.deepEqual(sorted.map(({ id }) => id), ["A", "Z", "a", "b"]);
  assert(compareItems({ id: "x", position: "Zz" }, { id: "a", position: "a0" }) < 0);
});
