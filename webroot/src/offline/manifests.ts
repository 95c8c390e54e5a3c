/** What the server says that a playlist needs; where nothing changed, that costs one answer without a body. */
import { isForAnother, isProblem, namedUser } from "../api/answers";
import type { OfflinePlaylist } from "./database";
import type { KeeperDeps } from "./keeper-deps";
import { limited } from "./patience";
import type { Manifest, ManifestEntry } from "./wire";

/**
 * gone: the playlist is no more, or not this user's. refused: this one alone is not given. busy: it was no word of the
 * server's, or none that can be read. silent: no answer came in time. offline: nobody is there.
 */
export type ManifestAnswer =
  | { state: "same" }
  | { state: "new"; manifest: Manifest; etag: string | null }
  | { state: "gone" | "offline" | "silent" | "signed-out" | "busy" | "refused" };

const PATIENCE_MS = 20_000;

export function askManifest(
  { base, user, fetch, clock }: Pick<KeeperDeps, "base" | "user" | "fetch" | "clock">,
  playlist: Pick<OfflinePlaylist, "id" | "manifest" | "etag">,
  closing: AbortSignal | null = null,
): Promise<ManifestAnswer> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (playlist.manifest && playlist.etag) headers["If-None-Match"] = playlist.etag;
  const init: RequestInit = { headers, cache: "no-store", credentials: "same-origin" };
  return limited(PATIENCE_MS, clock, closing, async (signal) => {
    const url = `${base}api/offline/playlist/${playlist.id}/manifest/`;
    const response = await fetch(url, { ...init, signal }).catch(() => null);
    if (response === null) return { state: signal.aborted ? "silent" : "offline" };
    return answerOf(response, user).catch(() => ({ state: "busy" }));
  });
}

/** Nothing is believed that was not said to this user: what one has no longer is dropped. */
async function answerOf(response: Response, user: string): Promise<ManifestAnswer> {
  if (isForAnother(response, user) || (response.status === 401 && isProblem(response))) return { state: "signed-out" };
  if (namedUser(response) === null) return { state: "busy" };
  if (response.status === 304) return { state: "same" };
  if (response.ok) return newOf(await response.json(), response.headers.get("ETag"));
  if (!isProblem(response)) return { state: "busy" };
  return { state: response.status === 404 ? "gone" : response.status === 403 ? "refused" : "busy" };
}

/** Where it is no manifest, what is known of the playlist stays. */
const newOf = (given: unknown, etag: string | null): ManifestAnswer =>
  isManifest(given) ? { state: "new", manifest: given, etag } : { state: "busy" };

function isManifest(given: unknown): given is Manifest {
  const { entries, missing, unread } = (given ?? {}) as Partial<Manifest>;
  return Array.isArray(missing) && Array.isArray(unread) && Array.isArray(entries) && entries.every(isEntry);
}

const isEntry = ({ url, revision, size_bytes }: Partial<ManifestEntry>): boolean =>
  typeof url === "string" && /^\/(?![/\\])/.test(url) && typeof revision === "string" && Number.isSafeInteger(size_bytes);
