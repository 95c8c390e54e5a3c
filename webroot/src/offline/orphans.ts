/** What lies in the cache though no offline playlist wants it: left by something that was broken off. */
import type { UserDatabase } from "./database";
import { keptCache, keptUrl } from "./names";
import { wantedOf } from "./reconcile";

export interface Orphans {
  count: number;
  bytes: number;
}

export async function findOrphans({ db, base, user }: { db: UserDatabase; base: string; user: string }): Promise<Orphans> {
  const wanted = wantedOf(await db.getAll("offline"));
  const cache = await caches.open(keptCache(base, user));
  const orphans = (await cache.keys()).filter(({ url }) => !wanted.has(keptUrl(url)));
  const sizes = orphans.map(async (request) => {
    const found = await cache.match(request);
    await found?.body?.cancel();
    return Number(found?.headers.get("Content-Length") ?? 0);
  });
  return { count: orphans.length, bytes: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) };
}
