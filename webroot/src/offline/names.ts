/**
 * What everything that a browser keeps is called. Two servers behind one host name differ by their path, two users by
 * their id; no name has a release in it, for an update must not cost anybody their music.
 */

/** Of what is everybody's on this device: who is signed in, and what they chose for it. */
export const deviceDatabase = (base: string): string => `soundwave:${base}`;

/** Of one user's: their library as they saw it last, their outbox, what they keep. */
export const userDatabase = (base: string, user: string): string => `soundwave:${base}:${user}`;

/** The bytes of offline playlists: audio and pictures, whole 200s under their address without a query. */
export const keptCache = (base: string, user: string): string => `soundwave-kept:${base}:${user}`;

/** The name of an address in `keptCache`: without host and query, so that a picture of any size and version is one. */
export const keptUrl = (url: string): string => new URL(url, "http://any").pathname;

/** The id of a Background Fetch: whose it is, and the one address that it brings. */
export const fetchName = (user: string, url: string): string => `${user} ${keptUrl(url)}`;

/** What `fetchName` was made of; null for any other id. */
export function fetchOf(name: string): { user: string; url: string } | null {
  const [, user, url] = /^([0-9a-f]{32}) (\/.+)$/.exec(name) ?? [];
  return user && url ? { user, url } : null;
}

/** Tabs and the worker tell each other what changed. */
export const channelName = (base: string): string => `soundwave:${base}`;

/** One at a time over all tabs and the worker. */
export const lockName = (base: string, user: string, work: "sync" | "reconcile"): string =>
  `soundwave:${base}:${user}:${work}`;

/** The user of a name that `userDatabase` or `keptCache` made; null for any other. */
export function userOf(base: string, name: string): string | null {
  for (const start of [`soundwave:${base}:`, `soundwave-kept:${base}:`]) {
    if (name.startsWith(start) && /^[0-9a-f]{32}$/.test(name.slice(start.length))) return name.slice(start.length);
  }
  return null;
}
