/** What keeping a playlist would take, before anybody decides. */
import { getDeviceState, type OfflinePlaylist } from "./database";
import type { KeeperDeps } from "./keeper-deps";
import { askManifest } from "./manifests";
import { keptUrl } from "./names";
import { entriesOf, narrowed, wantedOf } from "./reconcile";
import { newRecord } from "./records";
import { bytesOf, roomOf, sizeOf, toFree, whatFits } from "./room";

export interface Forecast {
  /** All of it, and what of it is not here yet. */
  sizeBytes: number;
  neededBytes: number;
  items: number;
  freeBytes: number;
  doesFit: boolean;
  /** Where it does not: the addresses of the first tracks that do. */
  fitting: string[];
  /** What would be let go of to make it fit. */
  freed: OfflinePlaylist[];
  isProtected: boolean | null;
}

export async function forecast(deps: KeeperDeps, id: string, urls: readonly string[] | null): Promise<Forecast | null> {
  const [playlists, entries] = await Promise.all([deps.db.getAll("offline"), deps.db.getAll("entries")]);
  const known = playlists.find((playlist) => playlist.id === id) ?? newRecord(id, "", deps.stamp());
  const answer = await askManifest(deps, known);
  const manifest = answer.state === "new" ? answer.manifest : known.manifest;
  if (manifest === null) return null;
  const playlist = { ...known, manifest, urls: narrowed(urls, manifest) };
  const others = playlists.filter((other) => other.id !== id);
  const wanted = wantedOf([...others, playlist]);
  const stored = new Map(entries.map((entry) => [entry.url, entry]));
  const own = new Map(entriesOf(playlist).map((entry) => [keptUrl(entry.url), entry]));
  const missing = [...own.keys()].map((url) => wanted.get(url)!).filter(({ url, entry }) => stored.get(url)?.revision !== entry.revision);
  const keptBytes = sizeOf(entries);
  const room = await roomOf(deps.storage, await getDeviceState(deps.base, "limitBytes"), keptBytes);
  // Some browsers grant less than they estimate, and say so only when it is used up.
  const freeBytes = known.state === "short" && known.reason === "quota" ? 0 : room.freeBytes;
  const neededBytes = bytesOf(missing, stored);
  const doesFit = neededBytes <= freeBytes;
  return {
    sizeBytes: sizeOf(own.values()),
    neededBytes,
    items: [...own.values()].filter(({ kind }) => kind === "audio").length,
    freeBytes,
    doesFit,
    fitting: whatFits(playlist, stored, freeBytes),
    freed: doesFit ? [] : toFree(neededBytes - freeBytes, others, wanted, stored),
    isProtected: room.isProtected,
  };
}
