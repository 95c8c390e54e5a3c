/** When the keeper looks again by itself: soon after the server was not ready, ever later where it goes on failing. */
import type { Clock } from "./fetching";
import type { Again } from "./settling";

const FIRST_MS = { soon: 3_000, later: 5_000 };
const LONGEST_MS = { soon: 60_000, later: 300_000 };

export class NextLook {
  #waits = 0;
  #isOver = false;
  #stop: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly look: () => void,
  ) {}

  /** As the last round wants it. */
  schedule(again: Again): void {
    if (again === null) this.#waits = 0;
    else this.after(Math.min(FIRST_MS[again] * 2 ** this.#waits++, LONGEST_MS[again]));
  }

  /** In place of what was planned before. */
  after(milliseconds: number): void {
    this.#stop();
    if (!this.#isOver) this.#stop = this.clock.later(milliseconds, this.look);
  }

  /** There is a look now. `isNews`: the waits begin anew. */
  callOff(isNews: boolean): void {
    this.#stop();
    if (isNews) this.#waits = 0;
  }

  end(): void {
    this.#isOver = true;
    this.#stop();
  }
}
