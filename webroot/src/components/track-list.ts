/** A list of any length: only what can be seen is drawn, the rest is empty space of the right height. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import type { Track } from "../api/types";
import { base, buttons } from "../styles/shared";
import type { MenuAction } from "./action-menu";
import { HeldFocus } from "./held-focus";
import "./track-row";

/** As in rows.ts. */
const ROW_HEIGHT = 64;
const SPARE_ROWS = 8;

export interface Line {
  /** Its own id: the same track may stand in a list twice. */
  key: string;
  track: Track;
}

@customElement("track-list")
export class TrackList extends LitElement {
  @property({ attribute: false }) lines: readonly Line[] = [];
  /** How many there are in all, where the list is not loaded to its end. */
  @property({ type: Number }) total = 0;
  @property() label = "";
  @property({ attribute: false }) more: (line: Line, index: number) => readonly (MenuAction | null)[] = () => [];
  /** What stands before and after a row (slots start and end). */
  @property({ attribute: false }) extras: ((line: Line, index: number) => TemplateResult) | null = null;
  @state() private first = 0;
  @state() private last = 20;

  static override styles = [
    base,
    buttons,
    css`
      ul {
        padding-block: var(--before, 0) var(--after, 0);
      }
      li {
        block-size: ${ROW_HEIGHT}px;
      }
      li[data-dragged] {
        position: relative;
        z-index: 2;
        border-radius: var(--radius-s);
        background: var(--surface-1);
        box-shadow: var(--shadow-2);
      }
      .handle {
        display: grid;
        place-items: center;
        inline-size: 28px;
        margin-inline: -4px;
        block-size: 100%;
        color: var(--line-strong);
        cursor: grab;
        touch-action: none;
      }
      @media (max-width: 599px) {
        .step {
          display: none;
        }
      }
    `,
  ];

  constructor() {
    super();
    new HeldFocus(this, false); // a row that was scrolled away comes back
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("scroll", this.look, { passive: true });
    addEventListener("resize", this.look, { passive: true });
    requestAnimationFrame(this.look);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("scroll", this.look);
    removeEventListener("resize", this.look);
  }

  protected override updated(changed: Map<string, unknown>): void {
    if (changed.has("lines")) this.look();
  }

  protected override render() {
    const { lines } = this;
    const first = Math.min(this.first, Math.max(0, lines.length - 1));
    const last = Math.min(this.last, lines.length);
    const space = `--before: ${first * ROW_HEIGHT}px; --after: ${(lines.length - last) * ROW_HEIGHT}px`;
    return html`<ul role="list" aria-label=${this.label} .style=${space} @play-track=${this.play}>
      ${repeat(
        lines.slice(first, last),
        (line) => line.key,
        (line, place) => this.renderLine(line, first + place),
      )}
    </ul>`;
  }

  private renderLine(line: Line, index: number) {
    return html`<li
      aria-setsize=${Math.max(this.total, this.lines.length)}
      aria-posinset=${index + 1}
      data-key=${line.key}
      data-index=${index}
    >
      <track-row .track=${line.track} .more=${() => this.more(line, index)}>
        ${this.extras ? this.extras(line, index) : ""}
      </track-row>
    </li>`;
  }

  private readonly look = (): void => {
    const top = this.getBoundingClientRect().top;
    this.first = Math.max(0, Math.floor(-top / ROW_HEIGHT) - SPARE_ROWS);
    this.last = Math.ceil((innerHeight - top) / ROW_HEIGHT) + SPARE_ROWS;
    if (this.last >= this.lines.length && this.lines.length < this.total) {
      this.dispatchEvent(new CustomEvent("need-more"));
    }
  };

  private play(event: CustomEvent<string>): void {
    const item = (event.target as Element).closest("li");
    event.stopPropagation();
    this.dispatchEvent(new CustomEvent("play-line", { detail: Number(item?.dataset["index"] ?? 0) }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "track-list": TrackList;
  }
}
