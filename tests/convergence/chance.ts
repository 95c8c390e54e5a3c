/** Chance that a seed repeats, ids included: a history that failed is told again by its seed. */
import { AsyncLocalStorage } from "node:async_hooks";

/** Mulberry32 (public domain, Tommy Ettinger). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 … count - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(things: readonly T[]): T | undefined {
    return things[this.below(things.length)];
  }
}

const running = new AsyncLocalStorage<Chance>();
const real = crypto.getRandomValues.bind(crypto);
crypto.getRandomValues = ((bytes: Uint8Array<ArrayBuffer>) => {
  const chance = running.getStore();
  if (!chance) return real(bytes);
  for (let index = 0; index < bytes.length; index++) bytes[index] = chance.below(256);
  return bytes;
}) as typeof crypto.getRandomValues;

/** All ids that are made within come from this chance. */
export const withIdsOf = <R>(chance: Chance, work: () => R): R => running.run(chance, work);
