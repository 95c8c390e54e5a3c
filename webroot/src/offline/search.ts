/** Finding tracks without a server: what is searched is held in memory, the tracks themselves stay in the database. */
import type { Ordering, Track } from "../api/types";

/** What a list of tracks may be asked for here. `channel`: as the tracks name it. */
export interface Wish {
  search?: string | undefined;
  ordering: Ordering;
  isFavorite?: boolean | undefined;
  channel?: string | undefined;
}

/** A track as far as finding and ordering it goes. */
export interface Found {
  id: string;
  words: string;
  title: string;
  artist: string;
  added_at: string;
  channel: string | null;
  isFavorite: boolean;
}

const PLAIN = /^[\x20-\x7e]*$/;

/** Without case and accents: "Ţară" is found by "tara", as the server's index does it (unicode61, remove_diacritics). */
export function fold(text: string): string {
  const plain = PLAIN.test(text) ? text : text.normalize("NFD").replace(/\p{M}+/gu, "");
  return plain.toLowerCase();
}

export function foundOf(track: Track): Found {
  const title = fold(track.title);
  const artist = fold(track.artist);
  return {
    id: track.id,
    words: `${title}\n${artist}\n${fold(track.album ?? "")}\n${fold(track.channel ?? "")}`,
    title,
    artist,
    added_at: track.added_at,
    channel: track.channel,
    isFavorite: track.is_favorite,
  };
}

/** The ids that fit, in order: each word of the search begins a word of the track. `favorites` has the last word. */
export function pick(all: readonly Found[], wish: Wish, favorites: ReadonlyMap<string, boolean>): string[] {
  const tests = wordsOf(wish.search ?? "").map((word) => new RegExp(`(?:^|[^\\p{L}\\p{N}])${word}`, "u"));
  const fits = all.filter(
    (one) =>
      (wish.channel === undefined || one.channel === wish.channel) &&
      (!wish.isFavorite || (favorites.get(one.id) ?? one.isFavorite)) &&
      tests.every((test) => test.test(one.words)),
  );
  return fits.sort(COMPARE[wish.ordering]).map((one) => one.id);
}

/** Letters and digits only, so that a word is a pattern as it stands. */
function wordsOf(text: string): string[] {
  return fold(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

const by = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const COMPARE: Readonly<Record<Ordering, (a: Found, b: Found) => number>> = {
  "-added_at": (a, b) => by(b.added_at, a.added_at) || by(b.id, a.id),
  title: (a, b) => by(a.title, b.title) || by(a.id, b.id),
  artist: (a, b) => by(a.artist, b.artist) || by(a.title, b.title) || by(a.id, b.id),
};
