/** No request waits for ever, whoever sends it; a page has its own time, and so has the worker. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { ApiError } from "../../webroot/src/api/errors";
import { send } from "../../webroot/src/api/transport";

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

/** A server that takes every request and says nothing. */
async function unanswered(run: (asked: string[]) => Promise<void>): Promise<void> {
  const { fetch } = globalThis;
  const asked: string[] = [];
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.fetch = (input, init) => {
    const request = input as Request;
    asked.push(request.method);
    const signal = init?.signal ?? request.signal;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  try {
    await run(asked);
  } finally {
    globalThis.fetch = fetch;
    mock.timers.reset();
  }
}

for (const [method, seconds, tries] of [["GET", 8, 1], ["PUT", 300, 1], ["DELETE", 300, 1], ["POST", 300, 2]] as const) {
  test(`${method} without an answer ends after ${seconds} s, ${tries} times`, () =>
    unanswered(async (asked) => {
      let error: unknown = null;
      send(new Request("http://home/api/playlist/", { method })).catch((reason: unknown) => (error = reason));
      await settled();
      for (let n = 1; n <= tries; n++) {
        mock.timers.tick(seconds * 1000 - 1);
        await settled();
        assert.deepEqual([asked.length, error], [n, null]);
        mock.timers.tick(1);
        await settled();
        mock.timers.tick(700);
        await settled();
      }
      assert(error instanceof ApiError && error.isUnreachable);
      assert.equal(asked.length, tries);
    }));
}
