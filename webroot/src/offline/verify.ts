/** Compares what is kept with its revision. What is not right is dropped, so that the next look fetches it anew. */
import type { StoredEntry } from "./database";
import { revisionOf } from "./hashing";
import { dropStored, type Kept } from "./storing";

export interface Verified {
  checked: number;
  bad: number;
}

const MONTH_MS = 30 * 24 * 3600 * 1000;

/** Whether it is right; then that is noted. Otherwise it is gone, also where it cannot be read any more. */
export async function verifyStored(kept: Kept, entry: StoredEntry): Promise<boolean> {
  const body = await bodyOf(kept, entry);
  const revision = body && (await revisionOf(entry.kind, body).catch(() => null));
  const isRight = revision === entry.revision;
  if (!isRight) await dropStored(kept, [entry.url]);
  else await note(kept, entry);
  return isRight;
}

/** The longest unverified first, one after another. `before`: only those that were not looked at for a month. */
export async function verifyOldest(
  kept: Kept,
  { most, before }: { most: number; before: "a month ago" | null },
  onProgress: (verified: Verified) => void = () => undefined,
): Promise<Verified> {
  const until = before === null ? Infinity : Date.parse(kept.stamp()) - MONTH_MS;
  const entries = (await kept.db.getAll("entries")).filter(({ verified_at }) => Date.parse(verified_at) < until);
  entries.sort((a, b) => (a.verified_at < b.verified_at ? -1 : 1));
  const verified = { checked: 0, bad: 0 };
  for (const entry of entries.slice(0, most)) {
    if (!(await verifyStored(kept, entry))) verified.bad++;
    verified.checked++;
    onProgress({ ...verified });
  }
  return verified;
}

async function bodyOf({ db, cache }: Kept, { url }: StoredEntry): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | null> {
  const document = await db.get("documents", url);
  const found = document ? new Response(document.body) : await cache.match(url);
  return found?.body ?? null;
}

async function note({ db, stamp }: Kept, { url, revision }: StoredEntry): Promise<void> {
  const tx = db.transaction("entries", "readwrite");
  const known = await tx.store.get(url);
  if (known?.revision === revision) await tx.store.put({ ...known, verified_at: stamp() });
  await tx.done;
}
