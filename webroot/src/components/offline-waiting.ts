/** What was changed here and has yet to reach the server, and when the two last spoke. */
import { css, html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";

import { type Local, local } from "../offline/start";
import { type Waiting, waitingOf } from "../offline/waiting";
import { isOnline } from "../shell/connection";
import { formatAgo } from "../shell/format";
import { t } from "../shell/i18n";
import { LocalReading } from "../shell/local-reading";
import { Watch } from "../shell/store";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { icon } from "./icons";
import { namesOf, type Names, wordsOf } from "./parked-words";

/** More of them are told of by their number. */
const MOST = 8;

interface Found extends Waiting {
  names: Names;
  lastSyncAt: string | null;
}

@customElement("offline-waiting")
export class OfflineWaiting extends LitElement {
  private readonly reading = new LocalReading(this, ["outbox", "meta", "playlists"], list);

  static override styles = [
    ...shared,
    lines,
    css`
      .lines > li {
        display: block;
        padding-block: var(--space-2);
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, isOnline);
  }

  protected override render() {
    const found = this.reading.value;
    if (!found) return nothing;
    const { changes, plays, names, lastSyncAt } = found;
    const said = [
      ...(changes.length > 0 ? [t("status.waiting", { count: changes.length })] : []),
      ...(plays.length > 0 ? [t("waiting.plays", { count: plays.length })] : []),
      ...(changes.length + plays.length === 0 ? [t("waiting.none")] : []),
      ...(lastSyncAt ? [t("status.synced", { when: formatAgo(lastSyncAt) })] : []),
    ];
    return html`<section class="card stack">
      <div class="page-head">
        <div>
          <h2>${t("waiting.heading")}</h2>
          <p class="soft small" role="status">
            ${said.join(" · ")}
          </p>
        </div>
        <button class="button with-icon" @click=${() => void local.value?.drain.drain()}>${icon("retry", 20)}${t("waiting.now")}</button>
      </div>
      ${changes.length > 0
        ? html`<ul class="lines" role="list" aria-label=${t("waiting.heading")}>
            ${changes.slice(-MOST).map((op) => html`<li>${wordsOf(op, names)}</li>`)}
            ${changes.length > MOST ? html`<li class="soft">${t("waiting.more", { count: changes.length - MOST })}</li>` : nothing}
          </ul>`
        : nothing}
    </section>`;
  }
}

async function list({ outbox, library, drain }: Local): Promise<Found> {
  const waiting = waitingOf(await outbox.list());
  return { ...waiting, names: await namesOf(waiting.changes, library), lastSyncAt: drain.value.lastSyncAt };
}

declare global {
  interface HTMLElementTagNameMap {
    "offline-waiting": OfflineWaiting;
  }
}
