/** What this device keeps, playlist by playlist. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import type { OfflinePlaylist } from "../offline/database";
import type { Local } from "../offline/start";
import { formatAgo } from "../shell/format";
import { t } from "../shell/i18n";
import { LocalReading } from "../shell/local-reading";
import { href } from "../shell/router";
import { lines } from "../styles/lines";
import { ring } from "../styles/ring";
import { shared } from "../styles/shared";
import "./action-menu";
import "./artwork-image";
import "./empty-state";
import { HeldFocus } from "./held-focus";
import { icon } from "./icons";
import { renderMark, renderNews } from "./keep-button";
import { actionsOf, update } from "./offline-actions";
import { moved, named, partOf, reasonOf, sizeOf, stateOf } from "./offline-words";
import "./progress-bar";

const ORDERS = ["used", "size", "title"] as const;
type Order = (typeof ORDERS)[number];

interface Found {
  playlist: OfflinePlaylist;
  picture: string | null;
}

@customElement("offline-list")
export class OfflineList extends LitElement {
  @state() private order: Order = "used";
  @state() private isUpdating = false;
  private readonly reading = new LocalReading(this, ["offline", "playlists"], list, (found, progress) =>
    found.map((one) => ({ ...one, playlist: moved(one.playlist, progress) })),
  );

  static override styles = [
    ...shared,
    lines,
    ring,
    css`
      .lines > li {
        grid-template-columns: 48px minmax(0, 1fr) auto;
        gap: var(--space-1) var(--space-3);
      }
      h3 a {
        color: inherit;
        text-decoration: none;
      }
      h3 a:hover {
        text-decoration: underline;
      }
      .state {
        display: flex;
        align-items: center;
        gap: var(--space-2);
      }
      .state svg {
        flex: none;
      }
      [data-state="ready"] .state {
        color: var(--good);
      }
      [data-state="short"] .state,
      [data-state="failed"] .state {
        color: var(--danger);
      }
      progress-bar {
        margin-block-start: var(--space-1);
      }
      select {
        inline-size: auto;
      }
    `,
  ];

  constructor() {
    super();
    new HeldFocus(this);
  }

  protected override render() {
    const found = this.reading.value;
    if (!found) return nothing;
    const isBusy = this.isBusy(found);
    if (found.length === 0) {
      return html`<empty-state icon="keep" heading=${t("offline.empty")} text=${t("offline.emptyText")}>
        <a class="button primary" href=${href("/playlists/")}>${t("offline.toPlaylists")}</a>
      </empty-state>`;
    }
    return html`<section class="stack" aria-labelledby="heading">
      <div class="page-head">
        <h2 id="heading">${t("offline.kept")}</h2>
        <div class="row">
          <select aria-label=${t("offline.order")} @change=${this.sort}>
            ${ORDERS.map((name) => html`<option value=${name} ?selected=${name === this.order}>${t(`offline.order.${name}`)}</option>`)}
          </select>
          <button class="button with-icon" aria-disabled=${isBusy} @click=${() => isBusy || this.update_()}>
            ${icon("retry", 20)}${t(isBusy ? "keep.updating" : "offline.update")}
          </button>
        </div>
      </div>
      <ul class="card lines" role="list">
        ${[...found].sort((a, b) => compare(this.order, a.playlist, b.playlist)).map((one) => this.renderLine(one))}
      </ul>
    </section>`;
  }

  private renderLine({ playlist, picture }: Found) {
    const { id, title, is_pinned, state, last_used_at } = playlist;
    const reason = reasonOf(playlist);
    const about = [sizeOf(playlist), t("offline.used", { when: formatAgo(last_used_at) })].filter(Boolean).join(" · ");
    const goesOn = state === "offline" || state === "waiting";
    return html`<li data-state=${state}>
      <artwork-image size="96" .src=${picture} .seed=${title}></artwork-image>
      <div class="words">
        <div class="name">
          <h3 dir="auto"><a href=${href(`/playlist/?id=${id}`)}>${title}</a></h3>
          ${is_pinned ? html`<span class="badge accent">${icon("pin", 14)}${t("keep.pinned")}</span>` : nothing}
        </div>
        <p class="state small">${renderMark(playlist, 18)}<span>${stateOf(playlist)}</span></p>
        <p class="soft small numbers">${about}</p>
        ${reason ? html`<p class="small ${goesOn ? "soft" : "error"}">${reason}</p>` : nothing}
        ${state === "fetching" || state === "paused"
          ? html`<progress-bar .value=${partOf(playlist)} label=${title} tone=${state === "paused" ? "still" : "accent"}></progress-bar>`
          : nothing}
      </div>
      <action-menu label=${t("keep.menu", { title })} .actions=${() => actionsOf(playlist)}></action-menu>
      ${renderNews(playlist)}
    </li>`;
  }

  private sort(event: Event): void {
    this.order = (event.target as HTMLSelectElement).value as Order;
  }

  /** Until it is seen what the update brings; the lines tell of the rest. */
  private isBusy(found: readonly Found[]): boolean {
    return this.isUpdating && !found.some(({ playlist }) => playlist.state === "fetching");
  }

  private async update_(): Promise<void> {
    this.isUpdating = true;
    await update();
    this.isUpdating = false;
  }
}

async function list(from: Local): Promise<Found[]> {
  const { db, library } = from;
  await library.refresh(); // a name that was changed a moment ago
  const pictures = new Map(library.playlists.value.map(({ id, artwork_url }) => [id, artwork_url]));
  return (await db.getAll("offline")).map((one) => ({ playlist: named(one, from), picture: pictures.get(one.id) ?? null }));
}

function compare(order: Order, a: OfflinePlaylist, b: OfflinePlaylist): number {
  if (order === "size") return b.stored_bytes - a.stored_bytes;
  if (order === "used") return a.last_used_at < b.last_used_at ? 1 : -1;
  return a.title.localeCompare(b.title);
}

declare global {
  interface HTMLElementTagNameMap {
    "offline-list": OfflineList;
  }
}
