/** For a plugin's page: routes that our own description does not have. Addresses without a leading slash are resolved against <base>. */
import { send } from "./transport";

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface SendOptions {
  query?: Query | undefined;
  signal?: AbortSignal | undefined;
}

export const client = {
  get: <T>(path: string, options?: SendOptions): Promise<T> => call("GET", path, undefined, options),
  post: <T>(path: string, body?: unknown, options?: SendOptions): Promise<T> => call("POST", path, body, options),
  put: <T>(path: string, body?: unknown, options?: SendOptions): Promise<T> => call("PUT", path, body, options),
  patch: <T>(path: string, body: unknown, options?: SendOptions): Promise<T> => call("PATCH", path, body, options),
  delete: (path: string, options?: SendOptions): Promise<void> => call("DELETE", path, undefined, options),
};

async function call<T>(method: string, path: string, body: unknown, options: SendOptions = {}): Promise<T> {
  const init: RequestInit = { method, cache: "no-cache", credentials: "same-origin", signal: options.signal ?? null };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await send(new Request(addressOf(path, options.query), init));
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
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
