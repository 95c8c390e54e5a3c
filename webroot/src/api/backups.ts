/** Backups: made, tested, taken along, brought in, and gone back to. What takes long goes on in the server. */
import { api, take } from "./client";
import { ApiError } from "./errors";
import { send } from "./transport";
import type { Backup, BackupUpload, List, Restore } from "./types";

const ALL = "/api/appsettings/backup/";
const ONE = "/api/appsettings/backup/{backup}/";
const UPLOAD = "/api/appsettings/backup/upload/{upload}/";
/** A part that got no answer is sent again after so long, and then after longer. */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000];

export const listBackups = (): Promise<List<Backup>> => take(api.GET(ALL));

export const makeBackup = (): Promise<Backup> => take(api.POST(ALL));

export const verifyBackup = (backup: string): Promise<Backup> =>
  take(api.POST("/api/appsettings/backup/{backup}/verify/", { params: { path: { backup } } }));

export const deleteBackup = (backup: string): Promise<void> =>
  take(api.DELETE(ONE, { params: { path: { backup } } }));

/** The browser's own download, of any size. Its first byte is asked for here, which may ask for the password. */
export async function downloadBackup(backup: string): Promise<void> {
  const address = new URL(`api/appsettings/backup/${backup}/download/`, document.baseURI).href;
  await send(new Request(address, { headers: { Range: "bytes=0-0" }, cache: "no-store" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}

export const getRestore = (): Promise<Restore> => take(api.GET("/api/appsettings/restore/"));

/** Everybody is signed out by it, as soon as the server has started again. */
export const beginRestore = (backup: string): Promise<Restore> =>
  take(api.POST("/api/appsettings/restore/", { body: { backup } }));

/** Part by part; `tell` hears how many bytes are there. Given up by `signal`, it rejects as fetch does. */
export async function uploadBackup(file: File, signal: AbortSignal, tell: (bytes: number) => void): Promise<Backup> {
  let state = await take(api.POST("/api/appsettings/backup/upload/", { body: { size_bytes: file.size }, signal }));
  const path = { upload: state.id };
  try {
    while (state.received_bytes < file.size) {
      state = await sendPart(file, state, signal);
      tell(state.received_bytes);
    }
    return await take(api.POST("/api/appsettings/backup/upload/{upload}/finish/", { params: { path }, signal }));
  } catch (error) {
    await api.DELETE(UPLOAD, { params: { path } }).catch(() => undefined);
    throw error;
  }
}

/** The same part may come twice, so that one without an answer is simply sent again. */
async function sendPart(file: File, { id, part_bytes, received_bytes }: BackupUpload, signal: AbortSignal): Promise<BackupUpload> {
  const part = file.slice(received_bytes, received_bytes + part_bytes);
  const put = (): Promise<BackupUpload> =>
    take(
      api.PUT("/api/appsettings/backup/upload/{upload}/{offset}/", {
        params: { path: { upload: id, offset: String(received_bytes) } },
        body: part,
        bodySerializer: () => part,
        headers: { "Content-Type": "application/octet-stream" },
        signal,
      }),
    );
  for (const wait of WAITS_MS) {
    try {
      return await put();
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isUnreachable) throw error;
      await new Promise((done) => setTimeout(done, wait));
      signal.throwIfAborted();
    }
  }
  return put();
}
