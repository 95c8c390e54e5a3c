/** An answer that says no. `code` is stable, `sentence` is the server's English, `status` 0 means no answer. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly sentence: string,
    readonly status: number,
    /** What Retry-After says; null where it is not sent. */
    readonly waitSeconds: number | null = null,
  ) {
    super(sentence);
    this.name = "ApiError";
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }

  /** Not there, or in no state to say: what waits goes on waiting. */
  get isAway(): boolean {
    return this.isUnreachable || this.status >= 500;
  }
}

/** The user was asked for the password again and would rather not. */
export const NOT_CONFIRMED = "not_confirmed";

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
