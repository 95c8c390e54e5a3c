/** Lyrics, playlists and what plugins have kept: the server's where it answers, else the user's own copy. */
import { isAnswer } from "../api/answers";
import { addresses, mayBeStored } from "./addresses";
import { passOn, serve } from "./isolation";
import { findKept } from "./kept";
import { currentUser, inDatabaseOf } from "./user";

/** A phone away from home gets no refusal but silence; its user does not wait longer than this. */
const PATIENCE_MS = 4_000;

export function serveDocuments(): void {
  serve(mayBeStored, answer);
}

async function answer(request: Request): Promise<Response | null> {
  const { user, documents, others } = await addresses();
  const { pathname, search } = new URL(request.url);
  if (user === null || user !== (await currentUser())) return null;
  if (others.has(pathname)) return findKept(request, user);
  if (search !== "" || !documents.has(pathname)) return null;
  return networkFirst(request, () => findDocument(user, pathname, request.method));
}

async function networkFirst(request: Request, find: () => Promise<Response | null>): Promise<Response> {
  const asked = new AbortController();
  request.signal.addEventListener("abort", () => asked.abort());
  const coming = passOn(new Request(request, { signal: asked.signal }));
  const arrived = await Promise.race([coming, new Promise<null>((done) => setTimeout(done, PATIENCE_MS, null))]);
  if (arrived && isAnswer(arrived) && arrived.status < 500) return arrived;
  const kept = await find();
  if (!kept) return coming;
  asked.abort();
  return kept;
}

async function findDocument(user: string, path: string, method: string): Promise<Response | null> {
  const kept = await inDatabaseOf(user, undefined, (db) => db.get("documents", path));
  if (!kept) return null;
  const headers = {
    "Content-Type": kept.type,
    "Cache-Control": "no-store",
    "SoundWave-Offline": "1",
    "SoundWave-User": user,
    "X-Content-Type-Options": "nosniff",
  };
  return new Response(method === "HEAD" ? null : kept.body, { headers });
}
