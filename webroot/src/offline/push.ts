/** One request of a sync, as one user and nobody else. */
import { ApiError, hasCode, isAbort } from "../api/errors";
import { send, wire } from "../api/transport";
import { currentUser, isOver, loadSession } from "../shell/session";
import type { SyncAnswer, SyncRequest } from "./wire";

const LIMIT_MS = 30_000;

/**
 * Rejects with ApiError; 401 also where somebody else is signed in by now. `end`: whoever goes does not wait for what is
 * on its way, and begins nothing: the server has it or not, and either is fine.
 */
export async function push(user: string, request: SyncRequest, end: AbortSignal): Promise<SyncAnswer> {
  end.throwIfAborted();
  if (!wire.csrfToken) await askForToken();
  try {
    return await pushOnce(user, request, end);
  } catch (error) {
    if (!hasCode(error, "csrf_failed") && !hasCode(error, "unauthorized")) throw error;
  }
  // Perhaps signed in anew in another tab: the session has another token now.
  wire.csrfToken = null;
  await askForToken();
  return pushOnce(user, request, end);
}

/** Without one the server takes nothing; a server that cannot say who we are is away as far as ops are concerned. */
async function askForToken(): Promise<void> {
  await loadSession();
  if (wire.csrfToken) return;
  if (isOver.value || currentUser() === null) throw new ApiError("unauthorized", "The session has ended.", 401);
  throw new ApiError("no_answer", "The server does not answer.", 0);
}

async function pushOnce(user: string, request: SyncRequest, end: AbortSignal): Promise<SyncAnswer> {
  if (currentUser()?.id !== user) throw new ApiError("unauthorized", "Somebody else is signed in.", 401);
  const flight = new AbortController();
  const breakOff = (): void => flight.abort();
  end.addEventListener("abort", breakOff);
  if (end.aborted) breakOff();
  const timer = setTimeout(() => flight.abort(new DOMException("too slow", "TimeoutError")), LIMIT_MS);
  try {
    const answer = await send(
      new Request(new URL("api/offline/sync/", document.baseURI), {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(request),
        signal: flight.signal,
      }),
    );
    return (await answer.json()) as SyncAnswer;
  } catch (error) {
    if (error instanceof ApiError || isAbort(error)) throw error;
    // The line may also break, or the time be up, in the middle of the answer.
    throw new ApiError("no_answer", "The server does not answer.", 0);
  } finally {
    clearTimeout(timer);
    end.removeEventListener("abort", breakOff);
  }
}
