/** Changes that the server would not make, and those that overrode somebody else's: nothing of it is lost in silence. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import type { ParkedOp } from "../offline/database";
import { type Local, local } from "../offline/start";
import { formatAgo } from "../shell/format";
import { t } from "../shell/i18n";
import { LocalReading } from "../shell/local-reading";
import { attempt } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { cardHead } from "./card-head";
import { HeldFocus } from "./held-focus";
import { icon } from "./icons";
import { namesOf, type Names, reasonOf, wordsOf } from "./parked-words";

interface Found {
  parked: ParkedOp[];
  names: Names;
}

@customElement("parked-list")
export class ParkedList extends LitElement {
  @state() private busy: string | null = null;
  private readonly reading = new LocalReading(this, ["parked", "playlists", "outbox"], list);

  static override styles = [
    ...shared,
    lines,
    css`
      .card {
        border-color: var(--danger);
      }
      .card:not([data-refused]) {
        border-color: var(--line);
      }
      @media (max-width: 599px) {
        .lines > li {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  constructor() {
    super();
    new HeldFocus(this);
  }

  protected override render() {
    const { parked, names } = this.reading.value ?? { parked: [], names: new Map() as Names };
    if (parked.length === 0) return nothing;
    const isRefused = parked.some(({ result }) => result.status !== "applied");
    return html`<section class="card stack" ?data-refused=${isRefused}>
      ${cardHead(t("parked.heading"), t("parked.text"))}
      <ul class="lines" role="list" aria-label=${t("parked.heading")}>
        ${parked.map((one) => html`<li>${this.renderLine(one, names)}</li>`)}
      </ul>
    </section>`;
  }

  private renderLine({ id, op, result, undo, parked_at }: ParkedOp, names: Names) {
    const isOverride = result.status === "applied";
    const words = wordsOf(op, names);
    const button = (label: string, work: (from: Local) => Promise<unknown>) =>
      html`<button class="button" aria-label="${label}: ${words}" aria-disabled=${this.busy === id} @click=${() => this.settle(id, work)}>
        ${label}
      </button>`;
    return html`<div class="words">
        <h3>${words}</h3>
        <p class="small ${isOverride ? "" : "error"}">${reasonOf(result)}</p>
        <p class="soft small">${formatAgo(parked_at)}</p>
      </div>
      <div class="row">
        ${undo.length > 0 ? button(t(isOverride ? "parked.useTheirs" : "parked.undo"), ({ outbox }) => outbox.undo(id)) : nothing}
        ${isOverride ? nothing : button(t("parked.again"), ({ outbox }) => outbox.retry(id))}
        <button
          class="icon-button"
          aria-label="${t("parked.forget")}: ${words}"
          title=${t("parked.forget")}
          @click=${() => this.settle(id, ({ outbox }) => outbox.discard(id))}
        >
          ${icon("close", 20)}
        </button>
      </div>`;
  }

  private async settle(id: string, work: (from: Local) => Promise<unknown>): Promise<void> {
    if (this.busy !== null) return;
    this.busy = id;
    await attempt(async () => local.value && work(local.value));
    this.busy = null;
  }
}

async function list({ outbox, library }: Local): Promise<Found> {
  await library.refresh(); // a change that was made a moment ago
  const parked = await outbox.parked();
  return { parked, names: await namesOf(parked.map(({ op }) => op), library) };
}

declare global {
  interface HTMLElementTagNameMap {
    "parked-list": ParkedList;
  }
}
