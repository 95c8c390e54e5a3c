/** One playlist: play it, order it, change it. */
import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";

import { ApiError } from "../api/errors";
import { getPlaylist } from "../api/library";
import type { PlaylistDetail } from "../api/types";
import "../components/action-menu";
import type { MenuAction } from "../components/action-menu";
import { ask, confirm } from "../components/confirm-dialog";
import "../components/empty-state";
import "../components/loading-state";
import { dragHandle, moveButtons } from "../components/playlist-order";
import "../components/playlist-head";
import { removals } from "../components/track-actions";
import "../components/track-list";
import type { Line } from "../components/track-list";
import { libraryChanges, local, openLibrary } from "../offline/start";
import { player } from "../player/player";
import * as changes from "../shell/changes";
import { t } from "../shell/i18n";
import { loadPlaylists } from "../shell/playlists";
import { href, navigate, router } from "../shell/router";
import { Watch } from "../shell/store";
import { attempt, toast } from "../shell/toasts";
import { shared } from "../styles/shared";

/** Where these change, a playlist may look different. */
const STORES = ["outbox", "playlists", "tracks", "meta"];

@customElement("playlist-page")
export class PlaylistPage extends LitElement {
  @state() private playlist: PlaylistDetail | null = null;
  @state() private error: unknown = null;
  private shown = "";
  private ends: (() => void)[] = [];

  static override styles = [
    ...shared,
    css`
      track-list {
        margin-inline: calc(-1 * var(--space-2));
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, router);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const look = (): void => void (STORES.some((name) => libraryChanges.value.has(name)) && this.load());
    this.ends = [removals.subscribe(() => void this.load()), libraryChanges.subscribe(look)];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const end of this.ends) end();
  }

  protected override willUpdate(): void {
    const id = router.value.query.get("id") ?? "";
    if (router.value.path !== "/playlist/" || id === this.shown) return;
    this.shown = id;
    this.playlist = this.error = null;
    void this.load();
  }

  protected override render() {
    const { playlist } = this;
    if (!playlist) return html`<loading-state .error=${this.error} @again=${() => this.load()}></loading-state>`;
    return html`<div class="page">
      <playlist-head
        .playlist=${playlist}
        .actions=${() => this.actions(playlist)}
        @play=${() => this.play(0)}
        @shuffle=${this.shuffle}
      ></playlist-head>
      ${playlist.items.length === 0 ? this.renderEmpty(playlist) : this.renderItems(playlist)}
    </div>`;
  }

  private renderItems(playlist: PlaylistDetail) {
    const last = playlist.items.length - 1;
    const move = (from: number, to: number): void => void this.move(from, to);
    const canOrder = playlist.kind !== "smart" && last > 0;
    return html`<track-list
      label=${playlist.title}
      .lines=${playlist.items.map((item) => ({ key: item.id, track: item.track }))}
      .total=${playlist.items.length}
      .more=${(line: Line, index: number) => this.lineActions(line, index, last)}
      .extras=${canOrder
        ? (line: Line, index: number) =>
            html`${dragHandle(index, last, move)}${moveButtons(line, index, last, move)}`
        : null}
      @play-line=${(event: CustomEvent<number>) => this.play(event.detail)}
    ></track-list>`;
  }

  private renderEmpty(playlist: PlaylistDetail) {
    const kind = playlist.kind === "mirrored" ? "mirrored" : "custom";
    return html`<empty-state icon="playlist" heading=${t("playlist.empty")} text=${t(`playlist.emptyText.${kind}`)}>
      <a class="button primary" href=${href(kind === "mirrored" ? "/downloads/" : "/")}>
        ${t(kind === "mirrored" ? "page.downloads-page" : "shell.home")}
      </a>
    </empty-state>`;
  }

  private actions(playlist: PlaylistDetail): MenuAction[] {
    const tracks = playlist.items.map((item) => item.track);
    const append = (): void => {
      player.append(tracks);
      toast(t("queue.added", { count: tracks.length }));
    };
    return [
      { label: t("track.addToQueue"), icon: "queue", run: append },
      { label: t("playlist.rename"), icon: "pencil", run: () => void this.rename(playlist) },
      { label: t("playlist.delete"), icon: "trash", isDanger: true, run: () => void this.delete(playlist) },
    ];
  }

  private lineActions(line: Line, index: number, last: number): (MenuAction | null)[] {
    const step = (name: "up" | "down", to: number): MenuAction | null =>
      to < 0 || to > last ? null : { label: t(`playlist.${name}`), icon: name, run: () => void this.move(index, to) };
    const remove = (): void => void this.removeLine(line);
    return [
      step("up", index - 1),
      step("down", index + 1),
      { label: t("playlist.removeItem"), icon: "close", run: remove },
    ];
  }

  private play(index: number): void {
    player.playList((this.playlist?.items ?? []).map((item) => item.track), index);
    void local.value?.keeper.touch(this.shown).catch(() => undefined);
  }

  private shuffle(): void {
    const count = this.playlist?.items.length ?? 0;
    if (!player.queue.isShuffled) player.toggleShuffle();
    this.play(Math.floor(Math.random() * count));
  }

  /** Shown at once. */
  private async move(from: number, to: number): Promise<void> {
    const { playlist } = this;
    const items = [...(playlist?.items ?? [])];
    const [item] = items.splice(from, 1);
    if (!playlist || !item) return;
    items.splice(to, 0, item);
    this.playlist = { ...playlist, items };
    if (!(await attempt(() => changes.moveItem(playlist.id, item.id, items[to - 1]?.id ?? null)))) await this.load();
  }

  private async removeLine(line: Line): Promise<void> {
    const { shown } = this;
    if (await attempt(() => changes.removeItem(shown, line.key))) toast(t("playlist.removed", { title: line.track.title }));
    await this.changed();
  }

  private async rename(playlist: PlaylistDetail): Promise<void> {
    const title = await ask({
      title: t("playlist.rename"),
      action: t("action.save"),
      field: { label: t("playlist.title"), value: playlist.title },
    });
    if (title && (await attempt(() => changes.renamePlaylist(playlist.id, title)))) await this.changed();
  }

  private async delete(playlist: PlaylistDetail): Promise<void> {
    const isSure = await confirm({
      title: t("playlist.deleteTitle", { title: playlist.title }),
      text: t("playlist.deleteText"),
      action: t("action.delete"),
      isDanger: true,
    });
    if (!isSure || !(await attempt(() => changes.removePlaylist(playlist.id)))) return;
    toast(t("playlist.deleted", { title: playlist.title }));
    navigate("/playlists/", { replace: true });
    void loadPlaylists().catch(() => undefined);
  }

  /** What went into the outbox is seen by itself. */
  private async changed(): Promise<void> {
    if (await openLibrary()) return;
    await this.load();
    void loadPlaylists().catch(() => undefined);
  }

  private async load(): Promise<void> {
    const { shown } = this;
    try {
      const playlist = await find(shown);
      if (shown !== this.shown) return;
      this.playlist = playlist;
      document.title = `${playlist.title} · SoundWave`;
    } catch (error) {
      if (shown !== this.shown) return;
      this.playlist = null;
      this.error = error;
    }
  }
}

/** As this device has it; what it does not know yet is the server's to tell. */
async function find(id: string): Promise<PlaylistDetail> {
  const library = await openLibrary();
  await library?.refresh(); // one that was made a moment ago
  const known = await library?.getPlaylist(id);
  if (known) return known;
  if (await library?.isRemoved(id)) throw new ApiError("not_found", "This playlist was deleted.", 404);
  const playlist = await getPlaylist(id);
  if (library) void local.value?.drain.drain();
  return playlist;
}
