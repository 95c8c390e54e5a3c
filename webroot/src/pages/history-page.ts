/** What was heard, day by day: also what the server has yet to hear of. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { getTrack, listPlays } from "../api/library";
import type { Play, Track } from "../api/types";
import "../components/artwork-image";
import "../components/empty-state";
import { HeldFocus } from "../components/held-focus";
import "../components/loading-state";
import { libraryChanges, openLibrary } from "../offline/start";
import { player } from "../player/player";
import { explainObstacle, obstacle } from "../player/reach";
import { isOnline } from "../shell/connection";
import { formatTime, formatWeekday } from "../shell/format";
import { t } from "../shell/i18n";
import { href } from "../shell/router";
import { Watch } from "../shell/store";
import { attempt, toast, toastError } from "../shell/toasts";
import { shared } from "../styles/shared";

const STORES = ["plays", "outbox", "tracks"];

@customElement("history-page")
export class HistoryPage extends LitElement {
  @state() private plays: readonly Play[] | null = null;
  @state() private tracks: ReadonlyMap<string, Track> = new Map();
  /** Where the server's list goes on; null at its end, undefined before it was asked. */
  @state() private next: string | null | undefined = undefined;
  @state() private isLoading = false;
  @state() private error: unknown = null;
  /** What the server told, beyond what this device has. */
  private older = new Map<string, Play>();
  private end: () => void = () => undefined;

  static override styles = [
    ...shared,
    css`
      section {
        display: grid;
        gap: var(--space-2);
      }
      h2 {
        font-size: var(--text-3);
        color: var(--text-soft);
      }
      li button {
        display: grid;
        grid-template-columns: 7.5ch 48px minmax(0, 1fr);
        align-items: center;
        gap: var(--space-3);
        inline-size: 100%;
        min-block-size: 60px;
        padding-inline: var(--space-2);
        border-radius: var(--radius-s);
        text-align: start;
      }
      li {
        margin-inline: calc(-1 * var(--space-2));
      }
      .words {
        display: grid;
        min-inline-size: 0;
      }
      .title {
        font-weight: 500;
      }
      [aria-disabled] {
        cursor: default;
      }
      [aria-disabled] artwork-image {
        opacity: 0.4;
        filter: grayscale(1);
      }
      [aria-disabled] .title {
        color: var(--text-soft);
      }
      time {
        white-space: nowrap;
        color: var(--text-soft);
        font-size: var(--text-2);
        font-variant-numeric: tabular-nums;
      }
      @media (hover: hover) {
        li button:hover {
          background: var(--surface-2);
        }
      }
      .more {
        justify-self: center;
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, isOnline);
    new HeldFocus(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const look = (): void => void (STORES.some((name) => libraryChanges.value.has(name)) && this.load());
    this.end = libraryChanges.subscribe(look);
    void this.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
  }

  protected override render() {
    const { plays } = this;
    return html`<div class="page">
      <header class="page-head"><h1>${t("page.history-page")}</h1></header>
      ${plays === null
        ? html`<loading-state .error=${this.error} @again=${() => this.load()}></loading-state>`
        : plays.length === 0
          ? this.renderEmpty()
          : [...byDay(plays)].map(([day, some]) => this.renderDay(day, some))}
      ${plays?.length && this.next !== null && isOnline.value ? this.renderMore() : nothing}
    </div>`;
  }

  private renderEmpty() {
    return html`<empty-state icon="history" heading=${t("history.empty")} text=${t("history.emptyText")}>
      <a class="button primary" href=${href("/")}>${t("shell.home")}</a>
    </empty-state>`;
  }

  private renderDay(day: string, plays: readonly Play[]) {
    return html`<section aria-label=${day}>
      <h2>${day}</h2>
      <ul role="list">
        ${plays.map((play) => html`<li>${this.renderPlay(play)}</li>`)}
      </ul>
    </section>`;
  }

  private renderPlay(play: Play) {
    const track = this.tracks.get(play.track_id ?? "");
    const isGone = play.track_id === null;
    const why = track ? obstacle(track) : null;
    return html`<button aria-disabled=${isGone || why ? "true" : nothing} @click=${() => void this.play(play)}>
      <time datetime=${play.played_at}>${formatTime(new Date(play.played_at))}</time>
      <artwork-image size="96" .src=${track?.artwork_url ?? null} .seed=${track?.channel ?? play.title}></artwork-image>
      <span class="words">
        <span class="title cut" dir="auto">${play.title}</span>
        <span class="soft small cut">${isGone ? t("history.gone") : why ? t(`track.${why}`) : play.artist}</span>
      </span>
    </button>`;
  }

  private renderMore() {
    return html`<button class="button more" aria-disabled=${this.isLoading} @click=${() => this.isLoading || void this.more()}>
      ${t("action.more")}
    </button>`;
  }

  private async play(play: Play): Promise<void> {
    const id = play.track_id;
    if (id === null) {
      toast(t("player.cannotPlay", { title: play.title, reason: t("player.gone") }));
      return;
    }
    await attempt(async () => {
      const track = this.tracks.get(id) ?? (await getTrack(id));
      const why = obstacle(track);
      if (why) toast(t("player.cannotPlay", { title: track.title, reason: explainObstacle(why) }));
      else player.playList([track]);
    });
  }

  private async load(): Promise<void> {
    try {
      const library = await openLibrary();
      if (!library && this.plays === null) await this.ask();
      await this.show((await library?.plays()) ?? []);
    } catch (error) {
      this.error = error;
    }
  }

  /** Until something is there that was not shown. */
  private async more(): Promise<void> {
    this.isLoading = true;
    try {
      const shown = new Set(this.plays?.map((play) => play.id));
      do await this.ask();
      while (this.next && [...this.older.keys()].every((id) => shown.has(id)));
      await this.show((await (await openLibrary())?.plays()) ?? []);
    } catch (error) {
      toastError(error);
    }
    this.isLoading = false;
  }

  private async ask(): Promise<void> {
    const part = await listPlays(this.next ?? null);
    for (const play of part.results) this.older.set(play.id, play);
    this.next = part.next;
  }

  private async show(here: readonly Play[]): Promise<void> {
    const all = new Map([...this.older, ...here.map((play) => [play.id, play] as const)]);
    const plays = [...all.values()].sort((a, b) => Date.parse(b.played_at) - Date.parse(a.played_at));
    const library = await openLibrary();
    this.tracks = (await library?.getTracks(plays.flatMap((play) => play.track_id ?? []))) ?? new Map<string, Track>();
    this.plays = plays;
    this.error = null;
  }
}

function byDay(plays: readonly Play[]): Map<string, Play[]> {
  const days = new Map<string, Play[]>();
  for (const play of plays) {
    const day = formatWeekday(new Date(play.played_at));
    days.set(day, [...(days.get(day) ?? []), play]);
  }
  return days;
}

declare global {
  interface HTMLElementTagNameMap {
    "history-page": HistoryPage;
  }
}
