/** Background Sync, where the browser has it: what was changed offline goes out when there is a network, app open or not. */
import { ApiError } from "../api/errors";
import { send, wire } from "../api/transport";
import { openChannel } from "../offline/channel";
import { deviceName } from "../offline/device";
import { SYNC_TAG } from "../offline/drain";
import { lockName } from "../offline/names";
import { Syncer } from "../offline/sync";
import type { SyncAnswer, SyncRequest } from "../offline/wire";
import { scopePath, worker } from "./scope";
import { currentUser, inDatabaseOf } from "./user";

/** The lock of the outbox is held meanwhile, for which pages wait. */
const LIMIT_MS = 20_000;

interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

/** A rejection makes the browser try again, a few times and ever later. The app, once open, tries for itself. */
export function syncInBackground(): void {
  worker.addEventListener("sync", (event) => {
    if ((event as SyncEvent).tag === SYNC_TAG) (event as SyncEvent).waitUntil(drain());
  });
}

async function drain(): Promise<void> {
  const user = await currentUser();
  if (user === null) return;
  const channel = openChannel(scopePath);
  const push = (request: SyncRequest): Promise<SyncAnswer> => pushAs(user, request);
  try {
    await worker.navigator.locks.request(lockName(scopePath, user, "sync"), () =>
      inDatabaseOf(user, undefined, (db) =>
        new Syncer({ db, user, channel, push, deviceName: deviceName(worker.navigator.userAgent) }).round(),
      ),
    );
  } catch (error) {
    if (!isForAPerson(error)) throw error;
  } finally {
    channel.close();
  }
}

/** What time does not heal: nobody is signed in, or somebody else. The app says so when it is opened. */
const isForAPerson = (error: unknown): boolean => error instanceof ApiError && [401, 403].includes(error.status);

/** As this user and nobody else. The worker has no session of its own: it asks for the token that the page would have. */
async function pushAs(user: string, request: SyncRequest): Promise<SyncAnswer> {
  const session = (await ask("api/session/")) as { user: { id: string } | null; csrf_token: string | null };
  if (session.user?.id !== user) throw new ApiError("unauthorized", "Somebody else is signed in.", 401);
  wire.csrfToken = session.csrf_token;
  const headers = { "Content-Type": "application/json" };
  return (await ask("api/offline/sync/", { method: "POST", headers, body: JSON.stringify(request) })) as SyncAnswer;
}

async function ask(path: string, init: RequestInit = {}): Promise<unknown> {
  const address = new URL(path, worker.registration.scope);
  const signal = AbortSignal.timeout(LIMIT_MS);
  const answer = await send(new Request(address, { credentials: "same-origin", signal, ...init }));
  return answer.json();
}
