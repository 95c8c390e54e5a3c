/** Runs histories, several at a time, and writes what came of them; between their halves the tombstones are swept. */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { Chance, withIdsOf } from "./chance";
import { noTally, type Tally } from "./device";
import { History, type Kind, type Person } from "./history";

interface World {
  url: string;
  histories: { seed: number; kind: Kind; people: Person[] }[];
  at_once: number;
}
interface Outcome {
  seed: number;
  kind: Kind;
  error: string | null;
  /** By user: ids of ops that reached the server. */
  arrived: Record<string, string[]>;
}

const [worldFile = "", outcomeFile = ""] = process.argv.slice(2);
const world = JSON.parse(readFileSync(worldFile, "utf8")) as World;
const chances = new Map<History, Chance>();
const outcomes: Outcome[] = [];

const histories = world.histories.map(({ seed, kind, people }) => {
  const chance = new Chance(seed);
  const history = new History(seed, kind, world.url, people, chance);
  chances.set(history, chance);
  outcomes.push({ seed, kind, error: null, arrived: {} });
  return history;
});

/** One part of every such history that has not failed, so many at a time. */
async function all(part: "begin" | "end", isMeant: (history: History) => boolean = () => true): Promise<void> {
  const waiting = [...histories.keys()].filter((n) => isMeant(histories[n] as History));
  const run = async (): Promise<void> => {
    for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
      const [history, outcome] = [histories[n] as History, outcomes[n] as Outcome];
      if (outcome.error !== null) continue;
      await withIdsOf(chances.get(history) as Chance, () => history[part]()).catch((error: unknown) => {
        outcome.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
      });
    }
  };
  await Promise.all(Array.from({ length: world.at_once }, run));
}

/** The other side sweeps, and says so by a line. */
async function swept(): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const answered = new Promise<void>((resolve) => lines.on("line", () => resolve()));
  process.stdout.write("sweep\n");
  await answered;
  lines.close();
}

await all("begin");
await all("end", ({ isSwept }) => !isSwept);
await swept();
await all("end", ({ isSwept }) => isSwept);
const tally: Tally = noTally();
for (const [n, history] of histories.entries()) {
  for (const name of Object.keys(tally) as (keyof Tally)[]) tally[name] += history.tally[name];
  for (const { person, devices } of history.parties) {
    (outcomes[n] as Outcome).arrived[person.id] = devices.flatMap((device) => [...device.arrived]);
  }
}
writeFileSync(outcomeFile, JSON.stringify({ tally, outcomes }));
process.exit(0);
