/** What an element shows of the user's database on this device: read when it is shown, and again when that changes. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

import type { Message } from "../offline/channel";
import { type Local, local } from "../offline/start";

export type Progress = Extract<Message, { type: "progress" }>;

export class LocalReading<T> implements ReactiveController {
  /** Null until it was read, and where this device has no database of the user. */
  value: T | null = null;
  #ends: (() => void)[] = [];
  #followed: Local | null = null;
  #isReading = false;
  #isStale = false;

  /** `stores`: those of the database by which it changes. `move`: how far keeping is comes often, and needs no reading. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly stores: readonly string[],
    private readonly read: (from: Local) => Promise<T>,
    private readonly move: ((value: T, progress: Progress) => T) | null = null,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#ends = [local.subscribe(() => this.#follow()), () => this.#unfollow()];
    this.#follow();
  }

  hostDisconnected(): void {
    for (const end of this.#ends) end();
    this.#followed = null;
  }

  /** Read again, for what no message tells of. */
  async renew(): Promise<void> {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isStale) {
      this.#isStale = false;
      const from = local.value;
      // A database that was closed meanwhile is of a user who is gone.
      const value = from && (await this.read(from).catch(() => this.value));
      if (from === local.value) this.value = value;
      else this.#isStale = true;
    }
    this.#isReading = false;
    this.host.requestUpdate();
  }

  #move(progress: Progress): void {
    if (this.move === null || this.value === null) return;
    const moved = this.move(this.value, progress);
    if (moved === this.value) return;
    this.value = moved;
    this.host.requestUpdate();
  }

  #unfollow: () => void = () => undefined;

  #follow(): void {
    if (local.value !== this.#followed) {
      this.#unfollow();
      this.#followed = local.value;
      this.#unfollow =
        this.#followed?.channel.listen((message) => {
          if (message.type === "progress") this.#move(message);
          else if (message.type === "changed" && message.stores.some((name) => this.stores.includes(name))) void this.renew();
        }) ?? (() => undefined);
    }
    void this.renew();
  }
}
