/** Whose worker this is now. Read anew for each answer: between two users there is no moment that serves the wrong one. */
import { openChannel } from "../offline/channel";
import { findUserDatabase, getDeviceState, type UserDatabase } from "../offline/database";
import { scopePath } from "./scope";

/** Null for nobody: then nothing is served from what is kept. */
export const currentUser = (): Promise<string | null> => getDeviceState(scopePath, "user");

/** Opened for this work alone, so that nobody who deletes it waits for the worker; `fallback` where there is none. */
export async function inDatabaseOf<T>(user: string, fallback: T, work: (db: UserDatabase) => Promise<T>): Promise<T> {
  const db = await findUserDatabase(scopePath, user);
  if (!db) return fallback;
  try {
    return await work(db);
  } finally {
    db.close();
  }
}

/** What is stored is another now: the keeper of a page looks again; without one it looks when the app is opened. */
export function tellKeepers(user: string): void {
  const channel = openChannel(scopePath);
  channel.post({ type: "changed", user, stores: ["entries"] });
  channel.close();
}
