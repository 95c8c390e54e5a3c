/**
 * The bytes of offline playlists, put away and found again: files in the user's cache, answers of the API among their
 * documents. Whatever brought them, what is not right never gets in. For the page and for the worker.
 */
import { isProblem, namedUser } from "../api/answers";
import type { StoredEntry, UserDatabase } from "./database";
import { hasherOf } from "./hashing";
import { keptUrl } from "./names";
import type { ManifestEntry } from "./wire";

/** Where one user's things are kept. */
export interface Kept {
  db: UserDatabase;
  cache: Cache;
  /** RFC 3339. */
  stamp(): string;
}

/**
 * changed: these are other bytes than the manifest names. refused: the server did not send them (`status`).
 * stranger: it was somebody else who was answered. quota: the device has no room. broken: they did not all come.
 */
export type StoreTrouble = "changed" | "refused" | "stranger" | "quota" | "broken";

export class StoreError extends Error {
  constructor(
    readonly trouble: StoreTrouble,
    readonly status = 200,
    readonly waitSeconds: number | null = null,
    /** Whether the refusal is the server's own. */
    readonly isOurs = false,
  ) {
    super(`not stored: ${trouble} (${status})`);
    this.name = "StoreError";
  }
}

const REVISION = "SoundWave-Revision";
const IN_DOCUMENTS: readonly string[] = ["lyrics", "metadata"];

/**
 * Puts an answer away under its address once its last byte is there and its hash is right; before that, and where it
 * throws StoreError, what was there stays. `onBytes` hears of each piece that came.
 */
export async function storeVerified(
  kept: Kept,
  entry: ManifestEntry,
  response: Response,
  onBytes: (count: number) => void = () => undefined,
): Promise<StoredEntry> {
  if (response.status !== 200 || response.redirected || response.type === "opaque" || isForeign(entry, response)) {
    await response.body?.cancel().catch(() => undefined);
    throw new StoreError("refused", response.status, waitOf(response), isProblem(response));
  }
  if (isOther(entry, response)) {
    await response.body?.cancel().catch(() => undefined);
    throw new StoreError("changed");
  }
  const check = checked(entry, onBytes);
  const type = response.headers.get("Content-Type") ?? "application/octet-stream";
  const body = (response.body ?? new Response("").body!).pipeThrough(check.stream);
  try {
    if (isDocument(entry, type)) await putDocument(kept.db, entry, type, await new Response(body).text());
    else await putFile(kept.cache, entry, type, body);
    return await note(kept, entry);
  } catch (error) {
    throw new StoreError(check.trouble() ?? (isQuota(error) ? "quota" : "broken"));
  }
}

/** The addresses whose bytes are there. */
export async function storedKeys({ db, cache }: Kept): Promise<Set<string>> {
  const [files, documents] = await Promise.all([cache.keys(), db.getAllKeys("documents")]);
  return new Set([...files.map(({ url }) => keptUrl(url)), ...documents]);
}

/** Files that came in just before the browser was killed have no record yet; they were verified all the same. */
export async function adopt(kept: Kept, entries: readonly ManifestEntry[]): Promise<void> {
  for (const entry of entries) {
    const found = await kept.cache.match(keptUrl(entry.url));
    if (found?.headers.get(REVISION) === entry.revision) await note(kept, entry);
    await found?.body?.cancel();
  }
}

/** The record goes first: bytes without one are swept at the next look, a record without bytes would be a lie. */
export async function dropStored({ db, cache }: Kept, urls: readonly string[]): Promise<void> {
  const tx = db.transaction(["entries", "documents"], "readwrite");
  for (const url of urls) {
    void tx.objectStore("entries").delete(url);
    void tx.objectStore("documents").delete(url);
  }
  await tx.done;
  for (const url of urls) await cache.delete(url);
}

async function note({ db, stamp }: Kept, { url, kind, revision, size_bytes }: ManifestEntry): Promise<StoredEntry> {
  const now = stamp();
  const stored = { url: keptUrl(url), kind, revision, size_bytes, stored_at: now, verified_at: now };
  await db.put("entries", stored);
  return stored;
}

/** No answer of the API enters the cache, whoever named it. */
const isDocument = ({ kind }: ManifestEntry, type: string): boolean =>
  IN_DOCUMENTS.includes(kind) || (kind === "other" && /^application\/(.+\+)?json\b/.test(type));

async function putDocument(db: UserDatabase, entry: ManifestEntry, type: string, body: string): Promise<void> {
  await db.put("documents", { url: keptUrl(entry.url), revision: entry.revision, type, body });
}

/** With headers of ours alone, so that what the worker slices is described by what was verified. */
async function putFile(cache: Cache, entry: ManifestEntry, type: string, body: ReadableStream): Promise<void> {
  const headers = {
    "Content-Type": type,
    "Content-Length": String(entry.size_bytes),
    ETag: `"${entry.revision}"`,
    [REVISION]: entry.revision,
  };
  await cache.put(keptUrl(entry.url), new Response(body, { headers }));
}

/** Lets bytes through, and breaks off at the end where they were not those that the manifest names. */
function checked(entry: ManifestEntry, onBytes: (count: number) => void) {
  const hasher = hasherOf(entry.kind);
  let length = 0;
  let trouble: StoreTrouble | null = null;
  const refuse = (): never => {
    trouble = "changed";
    throw new StoreError(trouble);
  };
  const stream = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    async transform(chunk, controller) {
      length += chunk.length;
      if (length > entry.size_bytes) refuse();
      await hasher.add(chunk);
      onBytes(chunk.length);
      controller.enqueue(chunk);
    },
    async flush() {
      if (length !== entry.size_bytes || (await hasher.end()) !== entry.revision) refuse();
    },
  });
  return { stream, trouble: (): StoreTrouble | null => trouble };
}

/** What a hotel's network says instead, or a proxy. What plugins add may be public, and names nobody. */
const isForeign = ({ kind }: ManifestEntry, response: Response): boolean => kind !== "other" && namedUser(response) === null;

/** By what the server says of it, before a byte of it is fetched. An ETag of another form says nothing of the content. */
function isOther({ kind, revision, size_bytes }: ManifestEntry, { headers }: Response): boolean {
  const length = headers.has("Content-Encoding") ? null : headers.get("Content-Length");
  if (length !== null && Number(length) !== size_bytes) return true;
  const tag = /^"([0-9a-f]{64})"$/.exec(headers.get("ETag") ?? "")?.[1];
  return (kind === "audio" || kind === "artwork") && tag !== undefined && tag !== revision;
}

const isQuota = (error: unknown): boolean => error instanceof Error && error.name === "QuotaExceededError";

function waitOf(response: Response): number | null {
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return Number.isNaN(seconds) ? null : seconds;
}
