/** What a browser remembers, by names that two servers behind one host name do not share. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { forget, recall, remember, rememberedNames, storageName } from "../../webroot/src/shell/storage";

/** A page below a path, on a host whose pages share this storage. */
function visit(path: string, items: Map<string, string>): void {
  const localStorage = {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, text: string) => void items.set(name, text),
    removeItem: (name: string) => void items.delete(name),
    key: (index: number) => [...items.keys()][index] ?? null,
    get length() {
      return items.size;
    },
  };
  Object.assign(globalThis, { document: { baseURI: `http://home${path}` }, localStorage });
}

test("two servers behind one host name know nothing of each other", () => {
  const items = new Map<string, string>([["hassTokens", "not ours"]]);
  visit("/a/", items);
  remember("session", "alice");
  remember("queue.1", [1]);
  visit("/b/", items);
  assert.deepEqual([recall("session"), rememberedNames()], [null, []]);
  remember("session", "bob");
  forget("queue.1");
  visit("/a/", items);
  assert.deepEqual([recall("session"), rememberedNames()], ["alice", ["session", "queue.1"]]);
  assert.equal(items.get(storageName("session")), '"alice"');
  visit("/", items);
  assert.deepEqual([storageName("session"), rememberedNames()], ["soundwave:/.session", []]);
});
