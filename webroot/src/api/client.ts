/** The one place that calls fetch: addresses relative to <base>, CSRF header, problem+json as ApiError. */
import { newId } from "./ids";

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

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface SendOptions {
  query?: Query | undefined;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Lets the request outlive the page (used for the last position). */
  keepalive?: boolean;
}

/** What the shell wants to know of every answer. */
export interface ClientListener {
  answered(userId: string | null): void;
  unreachable(): void;
  unauthorized(): void;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const RESEND_AFTER_MS = 700;
const WITHOUT_KEY = /^api\/user\/(login|logout|register)\//;

export class Client {
  csrfToken: string | null = null;
  listener: ClientListener | null = null;

  get<T>(path: string, options: SendOptions = {}): Promise<T> {
    return this.#send<T>("GET", path, options);
  }

  post<T>(path: string, body?: unknown, options: SendOptions = {}): Promise<T> {
    return this.#send<T>("POST", path, { ...options, body });
  }

  put<T>(path: string, body?: unknown, options: SendOptions = {}): Promise<T> {
    return this.#send<T>("PUT", path, { ...options, body });
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#send<T>("PATCH", path, { body });
  }

  delete(path: string): Promise<void> {
    return this.#send<void>("DELETE", path, {});
  }

  async #send<T>(method: Method, path: string, options: SendOptions): Promise<T> {
    const request = this.#request(method, path, options);
    const response = await this.#fetchOnce(addressOf(path, options.query), request);
    this.listener?.answered(response.headers.get("SoundWave-User"));
    if (!response.ok) throw await this.#refusal(response);
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }

  #request(method: Method, path: string, options: SendOptions): RequestInit {
    const headers = new Headers({ Accept: "application/json" });
    if (method !== "GET" && this.csrfToken) headers.set("SoundWave-CSRF", this.csrfToken);
    if (method === "POST" && !WITHOUT_KEY.test(path)) headers.set("Idempotency-Key", newId());
    const request: RequestInit = { method, headers, credentials: "same-origin" };
    // Polling costs a 304 when nothing changed: the browser keeps the ETag.
    if (method === "GET") request.cache = "no-cache";
    if (options.signal) request.signal = options.signal;
    if (options.keepalive) request.keepalive = true;
    if (options.body !== undefined) {
      headers.set("Content-Type", "application/json");
      request.body = JSON.stringify(options.body);
    }
    return request;
  }

  /** A POST whose answer was lost is sent once more: its Idempotency-Key makes that harmless. */
  async #fetchOnce(address: string, request: RequestInit): Promise<Response> {
    try {
      return await fetch(address, request);
    } catch (error) {
      if (isAbort(error)) throw error;
      if ((request.headers as Headers).has("Idempotency-Key")) {
        await new Promise((done) => setTimeout(done, RESEND_AFTER_MS));
        const response = await fetch(address, request).catch(() => null);
        if (response) return response;
      }
      this.listener?.unreachable();
      throw new ApiError("no_answer", "The server does not answer.", 0);
    }
  }

  async #refusal(response: Response): Promise<ApiError> {
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
    const error = new ApiError(
      problem.code ?? `http_${response.status}`,
      problem.detail ?? problem.title ?? `The server answered ${response.status}.`,
      response.status,
    );
    if (response.status === 401 && error.code === "unauthorized") this.listener?.unauthorized();
    return error;
  }
}

/** An address of ours with its query; values that are null, undefined, false or "" are left out. */
export function addressOf(path: string, query: Query = {}): string {
  const address = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== false && value !== "") {
      address.searchParams.set(name, String(value));
    }
  }
  return address.href;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export const client = new Client();
