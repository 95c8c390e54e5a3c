/** Lyrics with times, as LRC files have them. */

export interface TimedLine {
  /** When it is sung, in seconds from the beginning. */
  at: number;
  text: string;
}

const STAMP = /\[(\d{1,3}):(\d{1,2}(?:[.:]\d{1,3})?)\]/g;
const OFFSET = /^\[offset:\s*([+-]?\d+)\s*\]/im;
/** Times of single words, in the extended form. */
const WORD = /<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>\s?/g;

/** In order; a line with several times is there as often. Lines without a time are headers, and left out. */
export function parseLrc(text: string): TimedLine[] {
  const offset = Number(OFFSET.exec(text)?.[1] ?? 0) / 1000;
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const words = line.replace(STAMP, "").replace(WORD, "").trim();
    return [...line.matchAll(STAMP)].map(([, minutes, seconds]) => ({
      // A positive offset shows the words earlier.
      at: Math.max(0, Number(minutes) * 60 + Number(seconds?.replace(":", ".")) - offset),
      text: words,
    }));
  });
  return lines.sort((a, b) => a.at - b.at);
}

/** The index of the line that is sung at this second; -1 before the first. */
export function lineAt(lines: readonly TimedLine[], seconds: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.at ?? Infinity) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
