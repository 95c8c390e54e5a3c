/** Revisions, computed while bytes pass: no more than one block of them is in memory. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

import type { ManifestEntry } from "./wire";

/** Of one hash; the server's have the same size (plugins/library/reading.py). */
export const BLOCK_BYTES = 4 * 1024 * 1024;

export interface Hasher {
  add(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  /** In hex. Nothing can be added afterwards. */
  end(): Promise<string>;
}

/** Audio has a revision by blocks, all else the plain SHA-256 of its bytes. */
export const hasherOf = (kind: ManifestEntry["kind"]): Hasher => (kind === "audio" ? new BlockHasher() : new PlainHasher());

/** The SHA-256 of the concatenated SHA-256s of each 4 MiB. */
export class BlockHasher implements Hasher {
  readonly #digests: Uint8Array<ArrayBuffer>[] = [];
  /** Grows up to a whole block: most pictures and short tracks never need one. */
  #block = new Uint8Array(64 * 1024);
  #length = 0;

  async add(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + BLOCK_BYTES - this.#length);
      this.#reserve(this.#length + part.length);
      this.#block.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length === BLOCK_BYTES) await this.#close();
    }
  }

  async end(): Promise<string> {
    if (this.#length > 0) await this.#close();
    return bytesToHex(await digest(joined(this.#digests)));
  }

  async #close(): Promise<void> {
    this.#digests.push(await digest(this.#block.subarray(0, this.#length)));
    this.#length = 0;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#block.length) return;
    const larger = new Uint8Array(Math.min(BLOCK_BYTES, Math.max(bytes, this.#block.length * 2)));
    larger.set(this.#block.subarray(0, this.#length));
    this.#block = larger;
  }
}

/** `crypto.subtle`, which is several times faster, wants all of the bytes at once. */
class PlainHasher implements Hasher {
  readonly #hash = sha256.create();

  add(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#hash.update(chunk);
    return Promise.resolve();
  }

  end(): Promise<string> {
    return Promise.resolve(bytesToHex(this.#hash.digest()));
  }
}

/** The revision of a whole body. */
export async function revisionOf(kind: ManifestEntry["kind"], body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Promise<string> {
  const hasher = hasherOf(kind);
  const reader = body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) await hasher.add(part.value);
  return hasher.end();
}

const digest = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
