/** A button, and behind it what plays now and what comes next. */
import { html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import "../components/artwork-image";
import { HeldFocus } from "../components/held-focus";
import { icon, type IconName } from "../components/icons";
import { byline } from "../components/track-row";
import { kept } from "../offline/start";
import { isOnline } from "../shell/connection";
import { formatLength } from "../shell/format";
import { t } from "../shell/i18n";
import { Watch } from "../shell/store";
import { menus } from "../styles/menus";
import { base, buttons } from "../styles/shared";
import { player } from "./player";
import type { Queued } from "./queue";
import { obstacle } from "./reach";
import { panel } from "../styles/panel";

const MOST_SHOWN = 200;

@customElement("queue-panel")
export class QueuePanel extends LitElement {
  @state() private isOpen = false;
  @query("[popover]") private panel!: HTMLElement;

  static override styles = [base, buttons, menus, panel];

  constructor() {
    super();
    new Watch(this, player.changes, kept, isOnline);
    new HeldFocus(this);
  }

  protected override render() {
    return html`
      <button
        class="icon-button ${this.isOpen ? "on" : ""}"
        popovertarget="panel"
        aria-expanded=${this.isOpen}
        aria-label=${t("queue.title")}
        title=${t("queue.title")}
      >
        ${icon("queue")}
      </button>
      <section id="panel" popover aria-label=${t("queue.title")} @beforetoggle=${this.toggled}>
        ${this.isOpen ? this.renderPanel() : nothing}
      </section>
    `;
  }

  private renderPanel() {
    const { items, index } = player.queue;
    const upcoming = items.slice(index + 1);
    const seconds = upcoming.reduce((sum, item) => sum + (item.track.duration_seconds ?? 0), 0);
    const { current } = player.queue;
    return html`
      <div class="top">
        <div>
          <h2>${t("queue.title")}</h2>
          <p class="soft small">
            ${t("queue.upcoming", { count: upcoming.length })}${seconds > 0 ? ` · ${formatLength(seconds)}` : ""}
          </p>
        </div>
        ${upcoming.length > 0
          ? html`<button class="button quiet" @click=${() => player.clearUpcoming()}>${t("queue.clear")}</button>`
          : nothing}
        <button class="icon-button" aria-label=${t("action.close")} @click=${() => this.panel.hidePopover()}>
          ${icon("close")}
        </button>
      </div>
      ${current ? html`<h3>${t("queue.now")}</h3>${this.renderItem(current, true)}` : nothing}
      <h3>${t("queue.next")}</h3>
      ${upcoming.length === 0 ? html`<p class="soft empty">${t("queue.empty")}</p>` : nothing}
      <ul role="list">
        ${repeat(
          upcoming.slice(0, MOST_SHOWN),
          (item) => item.key,
          (item, place) => html`<li>${this.renderItem(item, false, place > 0, place < upcoming.length - 1)}</li>`,
        )}
      </ul>
      ${upcoming.length > MOST_SHOWN
        ? html`<p class="soft empty">${t("queue.andMore", { count: upcoming.length - MOST_SHOWN })}</p>`
        : nothing}
    `;
  }

  private renderItem(item: Queued, isCurrent: boolean, canRise = false, canSink = false) {
    const { track } = item;
    const why = obstacle(track);
    const play = (): void => (isCurrent ? player.toggle() : player.jump(item));
    return html`<div class="line" ?data-current=${isCurrent} ?data-away=${why !== null}>
      <button class="main" aria-disabled=${why ? "true" : nothing} @click=${play}>
        <span class="unseen">${t("player.play")}:</span>
        <artwork-image size="96" .src=${track.artwork_url} .seed=${track.channel ?? track.title}></artwork-image>
        <span class="words">
          <span class="title cut" dir="auto">${track.title}</span>
          <span class="soft small cut">${why ? t(`track.${why}`) : byline(track)}</span>
        </span>
      </button>
      ${canRise ? small("up", t("queue.up", { title: track.title }), () => player.move(item, -1)) : nothing}
      ${canSink ? small("down", t("queue.down", { title: track.title }), () => player.move(item, 1)) : nothing}
      ${isCurrent ? nothing : small("close", t("queue.remove", { title: track.title }), () => player.remove(item))}
    </div>`;
  }

  private toggled(event: ToggleEvent): void {
    this.isOpen = event.newState === "open";
  }
}

function small(name: IconName, label: string, run: () => void) {
  return html`<button class="icon-button" aria-label=${label} title=${label} @click=${run}>${icon(name, 18)}</button>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "queue-panel": QueuePanel;
  }
}
