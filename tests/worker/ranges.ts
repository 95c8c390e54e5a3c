/** The worker's answers to Range and its like, by themselves. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseRange, type Plan, planAnswer } from "../../webroot/src/worker/ranges";

type Case = [header: string | null, size: number, expected: unknown];
const cases = JSON.parse(readFileSync(process.env["CASES"] as string, "utf8")) as Case[];
const file = { etag: '"abc"', type: "audio/mpeg", size: 1000 };

const plan = (asked: Record<string, string>, method = "GET"): Plan => planAnswer(method, new Headers(asked), file);

test("every range is what the server makes of it", () => {
  assert(cases.length > 5000);
  for (const [header, size, expected] of cases) assert.deepEqual(parseRange(header, size), expected, `${header} of ${size}`);
});

test("a part says which, how long, and of how much", () => {
  const { status, headers, part } = plan({ Range: "bytes=-10" });
  assert.equal(status, 206);
  assert.deepEqual(part, { first: 990, last: 999 });
  assert.equal(headers["Content-Range"], "bytes 990-999/1000");
  assert.equal(headers["Content-Length"], "10");
  assert.equal(headers["Accept-Ranges"], "bytes");
  assert.equal(headers["Content-Type"], "audio/mpeg");
});

test("the whole has no Content-Range", () => {
  for (const range of ["", "bytes=0-1,5-6", "nonsense"]) {
    const { status, headers, part } = plan({ Range: range });
    assert.equal(status, 200);
    assert.deepEqual(part, { first: 0, last: 999 });
    assert.equal(headers["Content-Length"], "1000");
    assert.equal(headers["Content-Range"], undefined);
  }
});

test("past the end there is nothing, and it says how much there is", () => {
  const { status, headers } = plan({ Range: "bytes=1000-" });
  assert.equal(status, 416);
  assert.equal(headers["Content-Range"], "bytes */1000");
});

test("If-Range takes the tag and nothing else", () => {
  assert.equal(plan({ Range: "bytes=0-1", "If-Range": '"abc"' }).status, 206);
  for (const other of ['"other"', 'W/"abc"', "abc", "Sun, 22 Nov 2026 10:00:00 GMT"]) {
    assert.equal(plan({ Range: "bytes=0-1", "If-Range": other }).status, 200, other);
    assert.equal(plan({ Range: "bytes=5000-", "If-Range": other }).status, 200, other);
  }
});

test("HEAD has no bytes and no ranges", () => {
  const { status, headers, part } = plan({ Range: "bytes=0-1" }, "HEAD");
  assert.equal(status, 200);
  assert.equal(part, null);
  assert.equal(headers["Content-Length"], "1000");
});

test("what the client has already is not sent", () => {
  for (const tags of ['"abc"', 'W/"abc"', '"x", "abc"', "*"]) {
    const { status, part } = plan({ "If-None-Match": tags, Range: "bytes=0-1" });
    assert.equal(status, 304, tags);
    assert.equal(part, null);
  }
  assert.equal(plan({ "If-None-Match": '"x"' }).status, 200);
});
