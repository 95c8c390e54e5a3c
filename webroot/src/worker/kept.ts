/** Audio and pictures that are on this device are played from there, whether or not there is a server. */
import { keptCache, keptUrl } from "../offline/names";
import { kindOf } from "./addresses";
import { count } from "./counts";
import { passOn, serve } from "./isolation";
import { type FileFacts, type Plan, planAnswer } from "./ranges";
import { scopePath } from "./scope";
import { currentUser, tellKeepers } from "./user";

interface Kept extends FileFacts {
  response: Response;
}

export function serveKept(): void {
  serve((url) => kindOf(url.pathname) !== null, answerMedia);
}

/** What the user has at this address, as it is asked for; null where they have nothing there, or nothing sound. */
export async function findKept(request: Request, user: string): Promise<Response | null> {
  const [cacheName, address] = [keptCache(scopePath, user), keptUrl(request.url)];
  const kept = await find(cacheName, address);
  if (!kept) return null;
  const plan = planAnswer(request.method, request.headers, kept);
  const body = await bodyOf(plan, kept);
  if (body !== undefined) return new Response(body, { status: plan.status, headers: plan.headers });
  // A file of which a part was lost is fetched anew.
  await (await caches.open(cacheName)).delete(address);
  tellKeepers(user);
  return null;
}

async function answerMedia(request: Request, event: ExtendableEvent): Promise<Response> {
  const kind = kindOf(keptUrl(request.url)) ?? "artwork";
  const user = await currentUser();
  const kept = user === null ? null : await findKept(request, user);
  const answer = kept ?? (await passOn(request));
  if (user !== null) count(event, user, { kind, isHit: kept !== null, request, answer });
  return answer;
}

async function find(cacheName: string, address: string): Promise<Kept | null> {
  const response = await caches.match(address, { cacheName });
  const size = Number(response?.headers.get("Content-Length") ?? Number.NaN);
  const etag = response?.headers.get("ETag");
  if (!response || !etag || !Number.isSafeInteger(size)) return null;
  return { response, etag, size, type: response.headers.get("Content-Type") ?? "application/octet-stream" };
}

/** Undefined where the file has not the bytes that it should have. */
async function bodyOf({ status, part }: Plan, { response, size }: Kept): Promise<BodyInit | null | undefined> {
  if (status === 416) return JSON.stringify(REFUSAL);
  if (part === null) return null;
  const blob = await response.blob();
  if (blob.size !== size) return undefined;
  return status === 206 ? blob.slice(part.first, part.last + 1) : blob;
}

/** As the server says it. */
const REFUSAL = {
  type: "about:blank",
  title: "Requested Range Not Satisfiable",
  status: 416,
  detail: "The file has no such bytes.",
  code: "range_not_satisfiable",
};
