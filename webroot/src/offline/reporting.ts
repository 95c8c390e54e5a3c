/** Tells the server what this device keeps, for the list of devices there. Whatever fails is told at the next look. */
import { ApiError } from "../api/errors";
import { getMeta, type OfflinePlaylist } from "./database";
import type { KeeperDeps } from "./keeper-deps";
import { limited } from "./patience";
import { changeRecord } from "./records";

/** How long one request may take. */
const PATIENCE_MS = 20_000;

type Told = "told" | "not told" | "away";

/** Nothing is sent where the server knows it already, and nothing more to one that does not answer. */
export async function report(deps: KeeperDeps, closing: AbortSignal): Promise<void> {
  const device = await getMeta(deps.db, "device");
  for (const id of await getMeta(deps.db, "unkept")) {
    const query = `?device=${encodeURIComponent(device)}`;
    const answer = await tell(deps, closing, addressOf(deps, id) + query, { method: "DELETE" });
    if (answer === "away") return;
    if (answer === "told") await told(deps, id);
  }
  for (const playlist of await deps.db.getAll("offline")) {
    if (playlist.state === "fetching" || playlist.manifest === null) continue;
    const body = JSON.stringify({ device, device_name: deps.deviceName, ...reportOf(playlist) });
    if (playlist.told === body) continue;
    const headers = { "Content-Type": "application/json" };
    const answer = await tell(deps, closing, addressOf(deps, playlist.id), { method: "PUT", headers, body });
    if (answer === "away") return;
    if (answer === "told") await changeRecord(deps, playlist.id, () => ({ told: body }));
  }
}

const addressOf = ({ base, origin }: KeeperDeps, id: string): string => `${origin}${base}api/offline/playlist/${id}/`;

const reportOf = ({ state, is_pinned, size_bytes, stored_bytes, items, stored_items }: OfflinePlaylist) => ({
  state, is_pinned, size_bytes, stored_bytes, items, stored_items,
});

async function tell({ send, clock }: KeeperDeps, closing: AbortSignal, url: string, init: RequestInit): Promise<Told> {
  return limited(PATIENCE_MS, clock, closing, async (signal) => {
    try {
      await send(new Request(url, { ...init, signal }));
      return "told";
    } catch (error) {
      if (signal.aborted) return "away";
      if (!(error instanceof ApiError)) throw error;
      if (error.isUnreachable || error.status === 401) return "away";
      return isFinal(error.status) ? "told" : "not told";
    }
  });
}

/** A no of the server is an answer too: it would be the same the next time. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

/** Unless it is wished for again by now. */
async function told({ db }: KeeperDeps, id: string): Promise<void> {
  const tx = db.transaction("meta", "readwrite");
  const unkept = ((await tx.store.get("unkept")) as string[] | undefined) ?? [];
  await tx.store.put(unkept.filter((other) => other !== id), "unkept");
  await tx.done;
}
