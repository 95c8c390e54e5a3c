/**
 * What a kept file answers, by RFC 9110 sections 13 and 14, as the server would (`soundwave_core/sending.py`). No I/O.
 * Safari plays only where 206, Content-Range and Content-Length are exact.
 */

/** First and last byte, both included. */
export interface Part {
  first: number;
  last: number;
}

/** What a file is known by. `etag` is quoted and strong. */
export interface FileFacts {
  etag: string;
  type: string;
  size: number;
}

export interface Plan {
  status: 200 | 206 | 304 | 416;
  headers: Record<string, string>;
  /** The bytes to send; null for none. */
  part: Part | null;
}

const RANGE = /^bytes=(\d{0,40})-(\d{0,40})$/i;

/** A single range, "past" where the file has no such bytes, null for the whole: no range, several, or not one at all. */
export function parseRange(header: string | null, size: number): Part | "past" | null {
  const [, first = "", last = ""] = RANGE.exec(header?.trim() ?? "") ?? [];
  if (!first && !last) return null;
  if (!first) {
    const length = Math.min(Number(last), size);
    return length === 0 ? "past" : { first: size - length, last: size - 1 };
  }
  if (last && BigInt(last) < BigInt(first)) return null;
  if (Number(first) >= size) return "past";
  return { first: Number(first), last: last ? Math.min(Number(last), size - 1) : size - 1 };
}

/** The answer to a GET or HEAD. Range is for GET alone, and If-Range takes our tag and no date. */
export function planAnswer(method: string, asked: Headers, file: FileFacts): Plan {
  const headers: Record<string, string> = { ETag: file.etag, "Accept-Ranges": "bytes" };
  headers["Cache-Control"] = "private, no-cache";
  if (isMatch(asked.get("If-None-Match"), file.etag)) return { status: 304, headers, part: null };
  const isForPart = method === "GET" && [null, file.etag].includes(asked.get("If-Range"));
  const wanted = isForPart ? parseRange(asked.get("Range"), file.size) : null;
  if (wanted === "past") return refusal(file.size);
  const part = wanted ?? { first: 0, last: file.size - 1 };
  headers["Content-Type"] = file.type;
  headers["Content-Length"] = String(part.last - part.first + 1);
  headers["X-Content-Type-Options"] = "nosniff";
  if (wanted) headers["Content-Range"] = `bytes ${part.first}-${part.last}/${file.size}`;
  return { status: wanted ? 206 : 200, headers, part: method === "HEAD" ? null : part };
}

function refusal(size: number): Plan {
  return { status: 416, headers: { "Content-Range": `bytes */${size}`, "Cache-Control": "no-store" }, part: null };
}

function isMatch(header: string | null, etag: string): boolean {
  const tags = header?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes("*") || tags.includes(etag);
}
