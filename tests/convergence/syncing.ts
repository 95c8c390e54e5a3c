/** A device and a server that says what it is told to, for one round after the other. */
import { ApiError } from "../../webroot/src/api/errors";
import * as ops from "../../webroot/src/offline/ops";
import { Outbox } from "../../webroot/src/offline/outbox";
import { Syncer } from "../../webroot/src/offline/sync";
import type { OpResult, SyncAnswer, SyncRequest } from "../../webroot/src/offline/wire";
import { answer, applied, type Device, device, id, USER } from "./world";

export const NOW = Date.parse("2026-01-05T12:00:00.000Z");
export type Reply = (request: SyncRequest) => SyncAnswer | Promise<SyncAnswer>;
export const all = ({ ops: sent }: SyncRequest): SyncAnswer => answer({ results: sent.map((op) => applied(op)) });

export interface Setting extends Device {
  outbox: Outbox;
  asked: SyncRequest[];
  /** The server's next answers, the last of them again and again. */
  replies: Reply[];
  syncer: Syncer;
  stored(name: "tracks" | "playlists" | "positions" | "plays"): Promise<unknown[]>;
}

export const says = (fields: Partial<SyncAnswer>): Reply => (request) => ({ ...all(request), ...fields });
export const refuses = (status: number, code = "no"): Reply => () => {
  throw new ApiError(code, "No.", status);
};

export async function within(name: string, run: (it: Setting) => Promise<void>): Promise<void> {
  const it = await device(`sync-${name}`);
  const [asked, replies]: [SyncRequest[], Reply[]] = [[], [all]];
  const push = async (request: SyncRequest): Promise<SyncAnswer> => {
    asked.push(structuredClone(request));
    return ((replies.length > 1 ? replies.shift() : replies[0]) as Reply)(request);
  };
  const syncer = new Syncer({ db: it.db, user: USER, deviceName: "Phone", push, channel: it.channel, now: () => NOW });
  const stored: Setting["stored"] = async (store) => (await it.db.getAllKeys(store)).sort();
  await run({ ...it, outbox: new Outbox(it.db, USER, it.channel, () => NOW), asked, replies, syncer, stored }).finally(it.close);
}

export const many = (count: number): ops.Draft[] => Array.from({ length: count }, () => ops.removePlaylist(id()));
export const refusing = (status: OpResult["status"], code: string | null = null) => ({ ops: sent }: SyncRequest): SyncAnswer =>
  answer({ results: sent.map((op) => applied(op, { status, code })) });
