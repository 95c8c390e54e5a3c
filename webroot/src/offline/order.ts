/**
 * Order without indexes: fractional keys over base62, compared as bytes; the same keys as plugins/library/ordering.py
 * makes, which describes them. A letter tells how long the whole part is, then comes a fraction without zeros at its end.
 */
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LAST = "z";
const FIRST = "a0";
const LOWEST = `A${"0".repeat(26)}`;

/** What has a place in a list. */
export interface Placed {
  id: string;
  position: string;
}

/** Behind everything. */
export const END = "end";

/** Whether `keyBetween` could have made this key. */
export function isKey(text: string): boolean {
  if (!/^[A-Za-z][0-9A-Za-z]*$/.test(text) || text === LOWEST) return false;
  const size = wholeSize(text);
  return text.length >= size && !(text.length > size && text.endsWith("0"));
}

/** A key after `low` and before `high`; null is the end of the list on that side. Throws RangeError where none fits. */
export function keyBetween(low: string | null, high: string | null): string {
  for (const key of [low, high]) {
    if (key !== null && !isKey(key)) throw new RangeError(`${key} is not an order key`);
  }
  if (low !== null && high !== null && low >= high) throw new RangeError(`no key fits between ${low} and ${high}`);
  if (high === null) return low === null ? FIRST : after(low);
  return low === null ? before(high) : inside(low, high);
}

/** So many keys in order, all between the two. */
export function keysBetween(low: string | null, high: string | null, count: number): string[] {
  if (count <= 0) return [];
  const keys: string[] = [];
  if (high === null) {
    while (keys.length < count) keys.push(keyBetween(keys.at(-1) ?? low, null));
    return keys;
  }
  if (low === null) {
    while (keys.length < count) keys.push(keyBetween(null, keys.at(-1) ?? high));
    return keys.reverse();
  }
  const middle = keyBetween(low, high);
  const left = Math.floor(count / 2);
  return [...keysBetween(low, middle, left), middle, ...keysBetween(middle, high, count - left - 1)];
}

/** By position, then id, as the server orders items: by bytes, not by a language's rules. */
export function compareItems(one: Placed, other: Placed): number {
  if (one.position !== other.position) return one.position < other.position ? -1 : 1;
  return one.id === other.id ? 0 : one.id < other.id ? -1 : 1;
}

/**
 * Keys for `count` places in a sorted list behind the item `place` (null: in front of all; END: behind all).
 * No key fits between two equal ones, that two devices made: then it is the place before the next other key.
 * An item that is not there counts as the end. `moving`: an item that is about to leave its own place.
 */
export function keysBehind(items: readonly Placed[], place: string | null, count: number, moving?: string): string[] {
  const others = items.filter((item) => item.id !== moving && isKey(item.position));
  const index = place === null ? -1 : others.findIndex((item) => item.id === place);
  if (place !== null && index < 0) return keysBetween(others.at(-1)?.position ?? null, null, count);
  const low = others[index]?.position ?? null;
  const high = others.slice(index + 1).find((item) => low === null || item.position > low)?.position ?? null;
  return keysBetween(low, high, count);
}

function wholeSize(key: string): number {
  const head = key.charCodeAt(0);
  return key >= "a" ? head - "a".charCodeAt(0) + 2 : "Z".charCodeAt(0) - head + 2;
}

function split(key: string): [whole: string, fraction: string] {
  const size = wholeSize(key);
  return [key.slice(0, size), key.slice(size)];
}

function after(low: string): string {
  const [whole, fraction] = split(low);
  return step(whole, true) ?? whole + middle(fraction, null);
}

function before(high: string): string {
  const [whole, fraction] = split(high);
  if (whole === LOWEST) return whole + middle("", fraction);
  if (fraction) return whole;
  const previous = step(whole, false);
  if (previous === null) throw new RangeError("no key fits before the lowest");
  return previous === LOWEST ? previous + middle("", null) : previous;
}

function inside(low: string, high: string): string {
  const [lowWhole, lowFraction] = split(low);
  const [highWhole, highFraction] = split(high);
  if (lowWhole === highWhole) return lowWhole + middle(lowFraction, highFraction);
  const following = step(lowWhole, true);
  return following !== null && following < high ? following : lowWhole + middle(lowFraction, null);
}

/** The next whole part upwards or downwards; null past the last one. */
function step(whole: string, isUp: boolean): string | null {
  const digits = [...whole.slice(1)];
  const [edge, fresh] = isUp ? [LAST, "0"] : ["0", LAST];
  for (let index = digits.length - 1; index >= 0; index--) {
    const digit = digits[index] as string;
    if (digit !== edge) {
      digits[index] = DIGITS.charAt(DIGITS.indexOf(digit) + (isUp ? 1 : -1));
      return whole.charAt(0) + digits.join("");
    }
    digits[index] = fresh;
  }
  const head = whole.charAt(0);
  if (head === (isUp ? "z" : "A")) return null;
  if (head === (isUp ? "Z" : "a")) return isUp ? "a0" : "Zz";
  const next = String.fromCharCode(head.charCodeAt(0) + (isUp ? 1 : -1));
  return next + fresh.repeat(wholeSize(next) - 1);
}

/** A fraction between two; null is one. Neither ends in a zero, nor does the answer. */
function middle(low: string, high: string | null): string {
  if (high !== null) {
    let shared = 0;
    while (shared < high.length && (low[shared] ?? "0") === high[shared]) shared++;
    if (shared) return high.slice(0, shared) + middle(low.slice(shared), high.slice(shared));
  }
  const start = low ? DIGITS.indexOf(low.charAt(0)) : 0;
  const end = high === null ? DIGITS.length : DIGITS.indexOf(high.charAt(0));
  if (end - start > 1) return DIGITS.charAt(Math.floor((start + end + 1) / 2));
  if (high !== null && high.length > 1) return high.charAt(0);
  return DIGITS.charAt(start) + middle(low.slice(1), null);
}
