/** An answer that says no. `code` is stable, `sentence` is the server's English, `status` 0 means no answer. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly sentence: string,
    readonly status: number,
  ) {
    super(sentence);
    this.name = "ApiError";
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
