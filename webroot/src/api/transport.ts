/** The one place that calls fetch for the API: CSRF header, one resend, the password again, problem+json as ApiError. */
import { isAnswer, namedUser } from "./answers";
import { ApiError, hasCode, isAbort, NOT_CONFIRMED } from "./errors";
import { newId } from "./ids";

/** What the shell wants to know of every answer. */
export interface Listener {
  answered(userId: string | null): void;
  unreachable(): void;
  unauthorized(): void;
}

interface Wire {
  csrfToken: string | null;
  listener: Listener | null;
  /** Asks for the password again; resolves false where the user would rather not. */
  confirm: (() => Promise<boolean>) | null;
}

/** Of the page, not of a request. */
export const wire: Wire = { csrfToken: null, listener: null, confirm: null };

const RESEND_AFTER_MS = 700;
/** A phone that has left the house is not refused, it hears nothing: after this long the server counts as away. */
const SILENCE_MS = 8_000;
/** A write may have much to carry over a slow line, or to do; but what waits for it must not wait for ever. */
const WRITE_SILENCE_MS = 5 * 60_000;
/** Signing in has no need of a key; the ops of a sync have ids of their own, and its answer is too big to be kept for each. */
const WITHOUT_KEY = /\/api\/(user\/(login|logout|register)|offline\/sync)\/$/;

/**
 * The answer, which is a good one. Rejects with ApiError, or as fetch does where the caller gave up.
 * What the server does only for whom it knows anew is sent once more after the password was given.
 */
export async function send(request: Request): Promise<Response> {
  const again = request.clone();
  try {
    return await sendOnce(request);
  } catch (error) {
    if (!wire.confirm || !hasCode(error, "confirmation_needed")) throw error;
  }
  if (await wire.confirm()) return sendOnce(again);
  throw new ApiError(NOT_CONFIRMED, "Nothing was changed: it was not confirmed.", 403);
}

async function sendOnce(request: Request): Promise<Response> {
  request.headers.set("Accept", "application/json");
  if (request.method !== "GET" && wire.csrfToken) request.headers.set("SoundWave-CSRF", wire.csrfToken);
  if (request.method === "POST" && !WITHOUT_KEY.test(request.url)) request.headers.set("Idempotency-Key", newId());
  const response = await reach(request);
  // What the worker has kept it gives where the server is silent: that is no word of the server's.
  if (response.headers.has("SoundWave-Offline")) wire.listener?.unreachable();
  else wire.listener?.answered(namedUser(response));
  if (!response.ok) throw await refusal(response);
  return response;
}

/** A POST whose answer was lost is sent once more: its Idempotency-Key makes that harmless. */
async function reach(request: Request): Promise<Response> {
  const again = request.headers.has("Idempotency-Key") ? request.clone() : null;
  try {
    return await ask(request);
  } catch (error) {
    if (isAbort(error)) throw error;
    if (again) {
      await new Promise((done) => setTimeout(done, RESEND_AFTER_MS));
      const response = await ask(again).catch(() => null);
      if (response) return response;
    }
    wire.listener?.unreachable();
    throw new ApiError("no_answer", "The server does not answer.", 0);
  }
}

/** Every request has a time limit until its answer begins. What somebody else says in the server's place is no answer. */
async function ask(request: Request): Promise<Response> {
  const limit = new AbortController();
  const silence = new DOMException("The server does not answer.", "TimeoutError");
  const timer = setTimeout(() => limit.abort(silence), request.method === "GET" ? SILENCE_MS : WRITE_SILENCE_MS);
  request.signal.addEventListener("abort", () => limit.abort(request.signal.reason), { once: true });
  if (request.signal.aborted) limit.abort(request.signal.reason);
  try {
    const response = await fetch(request, { signal: limit.signal });
    if (isAnswer(response)) return response;
    await response.body?.cancel();
    throw new TypeError(`not the server's answer: ${response.status}`);
  } finally {
    clearTimeout(timer);
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const error = new ApiError(
    problem.code ?? `http_${response.status}`,
    problem.detail ?? problem.title ?? `The server answered ${response.status}.`,
    response.status,
    Number.isNaN(wait) ? null : wait,
  );
  if (response.status === 401 && error.code === "unauthorized") wire.listener?.unauthorized();
  return error;
}
