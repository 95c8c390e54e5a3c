/** A playlist does not fit: what it needs, what there is, how much of it would fit, and what could go instead. */
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { OfflinePlaylist } from "../offline/database";
import type { Forecast } from "../offline/forecast";
import { wantedOf } from "../offline/reconcile";
import { ownBytes, type Room } from "../offline/room";
import { type Local, local } from "../offline/start";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { attempt } from "../shell/toasts";
import { facts } from "../styles/facts";
import { lines } from "../styles/lines";
import { ModalDialog, showModal } from "./modal-dialog";
import { named } from "./offline-words";

interface Found {
  room: Room;
  forecast: Forecast;
  others: { playlist: OfflinePlaylist; bytes: number }[];
}

@customElement("offline-short")
export class OfflineShort extends ModalDialog {
  /** The playlist's id; kept or not. */
  @property() playlist = "";
  @property() name = "";
  /** What of its audio is wished for; null for all. */
  @property({ attribute: false }) urls: readonly string[] | null = null;
  @state() private kept: OfflinePlaylist | null = null;
  @state() private found: Found | null = null;

  static override styles = [
    ModalDialog.styles,
    facts,
    lines,
    css`
      form {
        display: grid;
        gap: var(--space-4);
      }
      .facts {
        grid-template-columns: repeat(2, minmax(0, 1fr));
      }
      .facts > div {
        display: block;
      }
      dd {
        font-size: var(--text-4);
        font-weight: 650;
      }
    `,
  ];

  protected override render() {
    const isWaiting = this.kept !== null && this.kept.state !== "ready";
    return html`<dialog aria-labelledby="title" @close=${this.close}>
      <form method="dialog">
        <h2 id="title">${t("short.title", { title: this.name })}</h2>
        ${this.found ? this.renderFound(this.found) : nothing}
        <div class="actions">
          ${isWaiting ? this.renderCancel(this.kept!) : nothing}
          <button class="button" autofocus>${t(isWaiting ? "short.wait" : "action.close")}</button>
        </div>
      </form>
    </dialog>`;
  }

  protected override firstUpdated(): void {
    super.firstUpdated();
    void attempt(async () => {
      this.found = local.value && (await look(local.value, this.playlist, this.urls));
      this.kept = (await local.value?.db.get("offline", this.playlist)) ?? null;
    });
  }

  private renderCancel({ ready_at }: OfflinePlaylist) {
    return html`<button class="button" type="button" @click=${() => this.settle(({ keeper }) => keeper.unwant(this.playlist))}>
      ${t(ready_at === null ? "keep.cancel" : "keep.remove")}
    </button>`;
  }

  private renderFound({ room, forecast, others }: Found) {
    const free = Math.max(0, forecast.freeBytes);
    return html`<p class="text">${t(room.limitBytes === null ? "short.text" : "short.limited")}</p>
      <dl class="facts">
        <div><dt>${t("short.needs")}</dt><dd class="numbers">${formatBytes(forecast.neededBytes)}</dd></div>
        <div><dt>${t("short.has")}</dt><dd class="numbers">${Number.isFinite(free) ? formatBytes(free) : t("storage.unknown")}</dd></div>
      </dl>
      ${this.renderPart(forecast.fitting)}
      ${others.length > 0
        ? html`<h3>${t("short.free")}</h3>
            <ul class="lines" role="list">
              ${others.map(({ playlist, bytes }) => this.renderOther(playlist, bytes))}
            </ul>`
        : nothing}`;
  }

  private renderPart(urls: readonly string[]) {
    if (urls.length === 0) return html`<p>${t("short.nothing")}</p>`;
    const run = (): Promise<void> => this.settle(({ keeper }) => keeper.want(this.playlist, { title: this.name, urls }));
    return html`<button type="button" class="button primary" @click=${run}>${t("short.first", { count: urls.length })}</button>`;
  }

  private renderOther({ id, title }: OfflinePlaylist, bytes: number) {
    const run = (): Promise<void> =>
      this.settle(async ({ keeper }) => {
        await keeper.unwant(id);
        await keeper.want(this.playlist, { title: this.name, urls: this.urls });
      });
    return html`<li>
      <div class="words"><span class="cut" dir="auto">${title}</span><span class="soft small numbers">${formatBytes(bytes)}</span></div>
      <button type="button" class="button" aria-label="${t("keep.remove")}: ${title}" @click=${run}>${t("others.remove")}</button>
    </li>`;
  }

  private async settle(work: (from: Local) => Promise<unknown>): Promise<void> {
    if (await attempt(async () => local.value && work(local.value))) this.dialog.close();
  }

  protected override answer(): void {}
}

/** Null while the server is away; of the others what nobody else keeps, the longest unused first. */
async function look(from: Local, id: string, urls: readonly string[] | null): Promise<Found | null> {
  const { db, keeper } = from;
  const [forecast, room, playlists, entries] = await Promise.all([
    keeper.forecast(id, urls).catch(() => null),
    keeper.room(),
    db.getAll("offline"),
    db.getAll("entries"),
  ]);
  const stored = new Map(entries.map((entry) => [entry.url, entry]));
  const wanted = wantedOf(playlists);
  const others = playlists
    .filter((playlist) => playlist.id !== id)
    .map((playlist) => ({ playlist: named(playlist, from), bytes: ownBytes(playlist.id, wanted, stored) }))
    .filter(({ bytes }) => bytes > 0);
  others.sort((a, b) => (a.playlist.last_used_at < b.playlist.last_used_at ? -1 : 1));
  return forecast && { room, forecast, others };
}

export function showShort({ id, title, urls }: Pick<OfflinePlaylist, "id" | "title" | "urls">): Promise<void> {
  const dialog = document.createElement("offline-short");
  return showModal(Object.assign(dialog, { playlist: id, name: title, urls }));
}

declare global {
  interface HTMLElementTagNameMap {
    "offline-short": OfflineShort;
  }
}
