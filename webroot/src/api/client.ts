/** The typed client: a path, a parameter or a field that the server does not have is an error of the compiler. */
import createClient from "openapi-fetch";

import type { paths } from "./schema";
import { send } from "./transport";
import type { List } from "./types";

/** `no-cache` asks with the ETag that the browser keeps: polling costs a 304 when nothing changed. */
export const api = createClient<paths>({
  baseUrl: document.baseURI,
  cache: "no-cache",
  credentials: "same-origin",
  fetch: send,
});

/** What an answer carries; `send` has thrown where it is none. */
export async function take<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** What a listing takes to go on where `next` says. */
export function cursorOf(next: string): string | undefined {
  return new URL(next, document.baseURI).searchParams.get("cursor") ?? undefined;
}

const MOST = 200;

/** The first `count` of a list, in as many parts as the server makes of them; `next` tells whether there is more. */
export async function takeUpTo<T>(
  count: number,
  ask: (part: { limit: number; cursor: string | undefined }) => Promise<List<T>>,
): Promise<List<T>> {
  let list = await ask({ limit: Math.min(count, MOST), cursor: undefined });
  while (list.next !== null && list.results.length < count) {
    const limit = Math.min(count - list.results.length, MOST);
    const part = await ask({ limit, cursor: cursorOf(list.next) });
    list = { ...part, results: [...list.results, ...part.results] };
  }
  return list;
}
