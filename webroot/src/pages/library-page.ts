/** All of one's tracks: search, sort, favourites. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import type { Ordering } from "../api/types";
import "../components/empty-state";
import { icon } from "../components/icons";
import "../components/loading-state";
import "../components/search-box";
import "../components/track-list";
import { TrackPager } from "../components/track-pager";
import { kept } from "../offline/start";
import { player } from "../player/player";
import { isOnline } from "../shell/connection";
import { t } from "../shell/i18n";
import { href, rewriteQuery, router } from "../shell/router";
import { Watch } from "../shell/store";
import { shared } from "../styles/shared";

const ORDERINGS: readonly Ordering[] = ["-added_at", "title", "artist"];

@customElement("library-page")
export class LibraryPage extends LitElement {
  @state() private search = "";
  @state() private ordering: Ordering = "-added_at";
  @state() private isFavoritesOnly = false;
  /** A channel's id, and what it is called. */
  @state() private channel = "";
  @state() private channelTitle = "";
  /** Only what can be heard without the server. */
  @state() private isKeptOnly = false;
  private readonly pager = new TrackPager(this);

  static override styles = [
    ...shared,
    css`
      .tools {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
      }
      search-box {
        flex: 1 1 260px;
      }
      .tools select {
        inline-size: auto;
        flex: 0 1 auto;
        border-color: var(--line);
        border-radius: calc(var(--target) / 2);
        padding-inline-start: var(--space-4);
        color: var(--text-soft);
        font-weight: 500;
      }
      track-list {
        margin-inline: calc(-1 * var(--space-2));
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, kept, isOnline);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { query } = router.value;
    this.search = query.get("search") ?? "";
    this.ordering = ORDERINGS.find((name) => name === query.get("ordering")) ?? "-added_at";
    this.isFavoritesOnly = query.has("favorites");
    this.isKeptOnly = query.has("here");
    this.channel = query.get("channel") ?? "";
    this.channelTitle = query.get("title") ?? "";
    void this.load();
  }

  protected override render() {
    const { pager } = this;
    const isEmpty = pager.lines?.length === 0;
    return html`<div class="page">
      <header class="page-head">
        <div>
          <h1>${t("page.library-page")}</h1>
          ${pager.lines ? html`<p class="soft" role="status">${this.countText}</p>` : nothing}
        </div>
        ${pager.tracks.length > 0 ? this.renderPlay() : nothing}
      </header>
      ${isEmpty && !this.isFiltered ? nothing : this.renderTools()}
      ${pager.lines === null
        ? html`<loading-state .error=${pager.error} @again=${() => this.load()}></loading-state>`
        : isEmpty
          ? this.renderEmpty()
          : this.renderList()}
    </div>`;
  }

  private get countText(): string {
    const count = t("library.count", { count: this.pager.total });
    return this.pager.isLocal && !this.isKeptOnly ? `${count} · ${t("library.fromHere")}` : count;
  }

  private get isFiltered(): boolean {
    return this.search !== "" || this.isKeptOnly || this.isFavoritesOnly || this.channel !== "";
  }

  private renderPlay() {
    return html`<div class="row">
      <button class="button with-icon" @click=${this.shuffle}>${icon("shuffle", 20)}${t("action.shuffle")}</button>
      <button class="button primary with-icon" @click=${() => this.play(0)}>${icon("play", 20)}${t("action.playAll")}</button>
    </div>`;
  }

  private renderTools() {
    return html`<div class="tools" role="search">
      <search-box label=${t("library.search")} .value=${this.search} @search=${this.searched}></search-box>
      <button
        class="chip"
        aria-pressed=${this.isFavoritesOnly}
        @click=${() => this.change(() => (this.isFavoritesOnly = !this.isFavoritesOnly))}
      >
        ${icon("heart", 18, this.isFavoritesOnly)}${t("library.favorites")}
      </button>
      ${kept.value.size > 0 || this.isKeptOnly
        ? html`<button
            class="chip"
            aria-pressed=${this.isKeptOnly}
            @click=${() => this.change(() => (this.isKeptOnly = !this.isKeptOnly))}
          >
            ${icon("kept", 18)}${t("library.kept")}
          </button>`
        : nothing}
      ${this.channel
        ? html`<button class="chip" aria-pressed="true" @click=${() => this.change(() => (this.channel = ""))}>
            ${icon("close", 18)}<span class="unseen">${t("library.leaveChannel")}</span>${this.channelTitle}
          </button>`
        : nothing}
      <select aria-label=${t("library.order")} @change=${this.sorted}>
        ${ORDERINGS.map(
          (name) => html`<option value=${name} ?selected=${name === this.ordering}>${t(`library.order.${name}`)}</option>`,
        )}
      </select>
    </div>`;
  }

  private renderList() {
    return html`<track-list
      label=${t("page.library-page")}
      .lines=${this.pager.lines ?? []}
      .total=${this.pager.total}
      @need-more=${() => this.pager.more()}
      @play-line=${(event: CustomEvent<number>) => this.play(event.detail)}
    ></track-list>`;
  }

  private renderEmpty() {
    if (this.isFiltered) {
      return html`<empty-state icon="search" heading=${t("library.noMatch")} text=${t("library.noMatchText")}>
        <button class="button" @click=${this.reset}>${t("library.showAll")}</button>
      </empty-state>`;
    }
    return html`<empty-state icon="library" heading=${t("library.empty")} text=${t("library.emptyText")}>
      <a class="button primary with-icon" href=${href("/downloads/")}>${icon("link", 20)}${t("library.addLink")}</a>
    </empty-state>`;
  }

  private play(index: number): void {
    player.playList(this.pager.tracks, index);
  }

  private shuffle(): void {
    const { tracks } = this.pager;
    if (!player.queue.isShuffled) player.toggleShuffle();
    player.playList(tracks, Math.floor(Math.random() * tracks.length));
  }

  private searched(event: CustomEvent<string>): void {
    this.change(() => (this.search = event.detail));
  }

  private sorted(event: Event): void {
    this.change(() => (this.ordering = (event.target as HTMLSelectElement).value as Ordering));
  }

  private reset(): void {
    this.change(() => {
      this.search = "";
      this.isFavoritesOnly = false;
      this.isKeptOnly = false;
      this.channel = "";
    });
  }

  private change(what: () => void): void {
    what();
    rewriteQuery({
      search: this.search,
      ordering: this.ordering === "-added_at" ? "" : this.ordering,
      favorites: this.isFavoritesOnly ? "1" : "",
      here: this.isKeptOnly ? "1" : "",
      channel: this.channel,
      title: this.channel ? this.channelTitle : "",
    });
    void this.load();
  }

  private load(): Promise<void> {
    return this.pager.start({
      search: this.search || undefined,
      ordering: this.ordering,
      isFavorite: this.isFavoritesOnly || undefined,
      channelId: this.channel || undefined,
      channel: this.channel ? this.channelTitle : undefined,
      isKept: this.isKeptOnly,
    });
  }
}
