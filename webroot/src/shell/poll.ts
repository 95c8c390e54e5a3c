/** Asks again and again, while somebody is looking. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Poll implements ReactiveController {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isConnected = false;
  #isAsking = false;

  /** `ask` must not reject. */
  constructor(
    host: ReactiveControllerHost,
    private readonly everyMs: number,
    private readonly ask: () => Promise<void>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#isConnected = true;
    document.addEventListener("visibilitychange", this.#look);
    void this.now();
  }

  hostDisconnected(): void {
    this.#isConnected = false;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#look);
  }

  /** Ask at once, and go on from there. */
  async now(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#isAsking) return;
    this.#isAsking = true;
    await this.ask();
    this.#isAsking = false;
    clearTimeout(this.#timer);
    if (this.#isConnected && !document.hidden) this.#timer = setTimeout(() => void this.now(), this.everyMs);
  }

  readonly #look = (): void => {
    if (!document.hidden) void this.now();
    else clearTimeout(this.#timer);
  };
}
