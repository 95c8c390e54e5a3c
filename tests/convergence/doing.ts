/** What a person does on a device, at random, with what that device shows. */
import * as ops from "../../webroot/src/offline/ops";
import { END } from "../../webroot/src/offline/order";
import type { Library } from "../../webroot/src/offline/rebase";
import type { Chance } from "./chance";

const MOST_LISTS = 6;
/** The title that strangers try to give. */
export const STOLEN = "Stolen";

/** `strangers`: playlists of somebody else, whose ids this device has come to know. */
export function something(view: Library, chance: Chance, strangers: readonly string[]): ops.Draft | null {
  const list = chance.pick([...view.playlists.values()]);
  const item = chance.pick(list?.items ?? []);
  const track = chance.pick([...view.tracks.values()]);
  const stranger = chance.pick(strangers);
  if (stranger && chance.is(0.05)) return trespass(stranger, chance);
  if (!track) return null;
  const place = chance.is(0.3) ? null : chance.is(0.3) ? END : (chance.pick(list?.items ?? [])?.id ?? END);
  const tracks = Array.from({ length: 1 + chance.below(3) }, () => chance.pick([...view.tracks.keys()]) as string);
  const choices: [weight: number, make: () => ops.Draft | null | undefined][] = [
    [2, () => ops.played(track, 1 + chance.below(200), chance.is(0.5))],
    [3, () => ops.setPosition(track.id, chance.below(200))],
    [3, () => ops.setFavorite(track.id, chance.is(0.5))],
    [1, () => ops.countDay(new Date().toISOString().slice(0, 10), { plays: 1 })],
    [view.playlists.size < MOST_LISTS ? 2 : 0, () => ops.createPlaylist(`List ${chance.below(100)}`, "", tracks)],
    [list ? 2 : 0, () => list && ops.patchPlaylist(list, words(chance))],
    [list ? 0.5 : 0, () => list && ops.removePlaylist(list.id)],
    [list ? 4 : 0, () => list && ops.addItems(list, tracks, place)],
    [item ? 5 : 0, () => list && item && ops.moveItem(list, item.id, place === item.id ? null : place)],
    [item ? 3 : 0, () => list && item && ops.removeItem(list.id, item.id)],
  ];
  let left = chance.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
  return choices.find(([weight]) => (left -= weight) < 0)?.[1]() ?? null;
}

function words(chance: Chance): { title?: string; description?: string } {
  const number = chance.below(100);
  return chance.is(0.6) ? { title: `Name ${number}` } : { description: `Words ${number}` };
}

/** None of this may change a playlist of somebody else's. */
function trespass(playlist: string, chance: Chance): ops.Draft {
  if (chance.is(0.5)) return { kind: "playlist-create", playlist, title: STOLEN, description: "", items: [] };
  return { kind: "playlist-patch", playlist, title: STOLEN, was: {} };
}
