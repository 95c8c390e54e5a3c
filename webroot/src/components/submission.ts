/** A form on its way: whether it is, and what to say above it where it was refused. */
import { html, nothing, type ReactiveController, type ReactiveControllerHost } from "lit";

import { ApiError, hasCode, NOT_CONFIRMED } from "../api/errors";
import { formatWait, nextWait } from "../shell/format";
import { explain, tryT } from "../shell/i18n";
import { toastError } from "../shell/toasts";
import { icon } from "./icons";

/** So short a wait is not worth a word: it is waited for, once. */
const SHORT_SECONDS = 1;

export class Submission implements ReactiveController {
  isBusy = false;
  #sentence = "";
  /** When it may be tried again, by the page's clock; null where nothing was said of that. */
  #until: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }

  /** Resolves true where it worked; a second click while it is on its way does nothing. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    if (this.isBusy) return false;
    this.say("");
    this.isBusy = true;
    try {
      await work().catch((error: unknown) => waitShortly(error).then(work));
      return true;
    } catch (error) {
      this.#refuse(error);
      return false;
    } finally {
      this.isBusy = false;
      this.host.requestUpdate();
    }
  }

  say(sentence: string): void {
    clearTimeout(this.#timer);
    this.#sentence = sentence;
    this.#until = null;
    this.host.requestUpdate();
  }

  render() {
    if (!this.#sentence) return nothing;
    return html`<p class="form-error" role="alert">
      ${icon("warning", 20)}<span>${this.#sentence} ${this.#until === null ? "" : formatWait(this.#left)}</span>
    </p>`;
  }

  get #left(): number {
    return ((this.#until ?? 0) - Date.now()) / 1000;
  }

  #refuse(error: unknown): void {
    // To change one's mind is no mistake.
    if (hasCode(error, NOT_CONFIRMED)) return toastError(error);
    if (!(error instanceof ApiError) || error.waitSeconds === null) return this.say(explain(error));
    this.say(tryT(`error.${error.code}`, error.sentence));
    this.#until = Date.now() + error.waitSeconds * 1000;
    this.#count();
  }

  /** The words change a few times, and at the end say that the wait is over; nothing is sent by itself. */
  #count(): void {
    this.host.requestUpdate();
    const seconds = nextWait(this.#left);
    if (seconds !== null) this.#timer = setTimeout(() => this.#count(), seconds * 1000);
  }
}

/** What a form holds when it is sent; the page itself stays. */
export function read(event: SubmitEvent): FormData {
  event.preventDefault();
  return new FormData(event.target as HTMLFormElement);
}

/** What a form's field holds. */
export function textOf(data: FormData, name: string): string {
  return String(data.get(name) ?? "");
}

/** Rejects with the same where it would be long, or is no matter of waiting. */
async function waitShortly(error: unknown): Promise<void> {
  const seconds = error instanceof ApiError ? error.waitSeconds : null;
  if (seconds === null || seconds > SHORT_SECONDS) throw error;
  await new Promise((done) => setTimeout(done, seconds * 1000));
}
