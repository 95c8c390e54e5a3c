/** The words of what is playing: the line that is sung stands out, and a touch on a line goes there. */
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { hasCode } from "../api/errors";
import { getLyrics } from "../api/library";
import type { Lyrics } from "../api/types";
import "../components/empty-state";
import "../components/loading-state";
import { t } from "../shell/i18n";
import { player } from "./player";
import { base } from "../styles/shared";
import { lineAt, parseLrc, type TimedLine } from "./lrc";

/** Somebody who has scrolled is left alone for this long. */
const LEAVE_ALONE_MS = 5_000;

@customElement("lyrics-view")
export class LyricsView extends LitElement {
  /** The track's id. */
  @property() track = "";
  @state() private lyrics: Lyrics | "none" | null = null;
  @state() private error: unknown = null;
  @state() private now = -1;
  private lines: readonly TimedLine[] = [];
  private scrolledAt = -Infinity;
  private end: () => void = () => undefined;

  static override styles = [
    base,
    css`
      :host {
        display: block;
        overflow-y: auto;
        overscroll-behavior: contain;
        scrollbar-width: thin;
        mask-image: linear-gradient(transparent, #000 28px calc(100% - 28px), transparent);
      }
      ol,
      .plain {
        max-inline-size: 36rem;
        margin-inline: auto;
        padding-block: 28px 40%;
        font-size: var(--text-4);
        line-height: 1.5;
      }
      button {
        display: block;
        inline-size: 100%;
        min-block-size: var(--target);
        padding: var(--space-2) var(--space-3);
        border: 0;
        border-radius: var(--radius-s);
        background: none;
        cursor: pointer;
        color: var(--text-soft);
        font: inherit;
        font-weight: 600;
        overflow-wrap: anywhere;
        transition: color var(--quick);
      }
      button:hover {
        color: var(--text);
      }
      button[aria-current] {
        color: var(--accent);
      }
      .plain {
        padding-inline: var(--space-3);
        white-space: pre-line;
        overflow-wrap: anywhere;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.end = player.time.subscribe(() => (this.now = lineAt(this.lines, player.position)));
    for (const name of ["wheel", "touchmove", "keydown"]) this.addEventListener(name, this.leaveAlone, { passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("track")) void this.load();
  }

  protected override render() {
    if (this.error) return html`<loading-state .error=${this.error} @again=${() => this.load()}></loading-state>`;
    if (this.lyrics === null) return html`<loading-state rows="3"></loading-state>`;
    if (this.lyrics === "none") return this.renderWord(t("lyrics.none"));
    if (this.lines.length > 0) return this.renderTimed();
    if (this.lyrics.plain) return html`<p class="plain" dir="auto">${this.lyrics.plain}</p>`;
    return this.renderWord(t("lyrics.instrumental"));
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has("now") && !changed.has("lyrics")) return;
    if (performance.now() - this.scrolledAt < LEAVE_ALONE_MS) return;
    const line = this.renderRoot.querySelector<HTMLElement>("[aria-current]");
    if (!line) return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const top = line.offsetTop - this.offsetTop - (this.clientHeight - line.offsetHeight) / 2;
    this.scrollTo({ top, behavior: isCalm ? "auto" : "smooth" });
  }

  private renderTimed() {
    return html`<ol role="list" aria-label=${t("lyrics.title")}>
      ${this.lines.map(
        (line, n) => html`<li>
          <button dir="auto" aria-current=${n === this.now ? "true" : nothing} @click=${() => player.seek(line.at)}>
            ${line.text || "♪"}
          </button>
        </li>`,
      )}
    </ol>`;
  }

  private renderWord(words: string) {
    return html`<empty-state icon="lyrics" heading=${words}></empty-state>`;
  }

  private readonly leaveAlone = (): void => {
    this.scrolledAt = performance.now();
  };

  private async load(): Promise<void> {
    const { track } = this;
    this.lyrics = this.error = null;
    this.lines = [];
    try {
      const lyrics = await getLyrics(track);
      if (track !== this.track) return;
      this.lines = parseLrc(lyrics.synced ?? "");
      this.now = lineAt(this.lines, player.position);
      this.lyrics = lyrics;
    } catch (error) {
      if (track !== this.track) return;
      if (hasCode(error, "lyrics_not_found")) this.lyrics = "none";
      else this.error = error;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "lyrics-view": LyricsView;
  }
}
