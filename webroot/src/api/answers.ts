/** Whose word an answer is: the server's own to this user, a proxy's in front of it, or one to somebody else. */

/** A refusal in the server's own words: a proxy in front of a server that is away says 401 and 404, too. */
export const isProblem = (response: Response): boolean =>
  !response.ok && (response.headers.get("Content-Type")?.startsWith("application/problem+json") ?? false);

/** Null where nobody is signed in, and where it was not the server that answered. */
export const namedUser = (response: Response): string | null => response.headers.get("SoundWave-User");

/** The cookie is another user's by now. What is public names nobody. */
export const isForAnother = (response: Response, user: string): boolean => ![null, user].includes(namedUser(response));

/** What a proxy refuses by itself, and would tomorrow: the request is too big for it, or there are too many. */
const PROXY_REFUSALS: readonly number[] = [413, 414, 429, 431];

/**
 * Whether an answer of the API is to be believed. A proxy in front of a server that is away answers for it, with any status,
 * and a hotel's network answers everything: that is no more than silence.
 */
export function isAnswer(response: Response): boolean {
  if (namedUser(response) !== null || isProblem(response)) return true;
  if (!response.ok) return PROXY_REFUSALS.includes(response.status);
  return response.status === 204 || /^application\/json\b/.test(response.headers.get("Content-Type") ?? "");
}
