/** Requests with an end: what never answers must not hold up all that comes after it. */
import type { Clock } from "./fetching";

/** `work` is given a signal, which aborts after so long, or with `closing`. */
export async function limited<T>(
  milliseconds: number,
  clock: Clock,
  closing: AbortSignal | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const end = (): void => limit.abort();
  const callOff = clock.later(milliseconds, end);
  closing?.addEventListener("abort", end);
  if (closing?.aborted) end();
  try {
    return await work(limit.signal);
  } finally {
    callOff();
    closing?.removeEventListener("abort", end);
  }
}
