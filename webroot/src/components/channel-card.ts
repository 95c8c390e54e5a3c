/** One channel: what it holds, when it was looked at, what went wrong. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { deleteChannel, patchChannel, refreshChannel } from "../api/downloads";
import type { Channel } from "../api/types";
import { formatAgo, formatInterval } from "../shell/format";
import { t } from "../shell/i18n";
import { href } from "../shell/router";
import { currentUser } from "../shell/session";
import { attempt, toast } from "../shell/toasts";
import { shared } from "../styles/shared";
import "./action-menu";
import type { MenuAction } from "./action-menu";
import "./artwork-image";
import { ask, confirm } from "./confirm-dialog";
import { icon } from "./icons";

@customElement("channel-card")
export class ChannelCard extends LitElement {
  @property({ attribute: false }) channel!: Channel;

  static override styles = [
    ...shared,
    css`
      .card {
        display: flex;
        align-items: center;
        gap: var(--space-4);
        padding: var(--space-4);
      }
      artwork-image {
        inline-size: 64px;
      }
      .words {
        flex: 1;
        min-inline-size: 0;
        display: grid;
        gap: 2px;
      }
      h2 {
        font-size: var(--text-3);
      }
      h2 a {
        color: inherit;
        text-decoration: none;
      }
      h2 a:hover {
        text-decoration: underline;
      }
      .name {
        display: flex;
        align-items: center;
        gap: var(--space-2);
      }
      .row {
        flex-wrap: nowrap;
      }
      @media (max-width: 599px) {
        .card {
          align-items: start;
          gap: var(--space-3);
        }
        artwork-image {
          inline-size: 48px;
        }
      }
    `,
  ];

  protected override render() {
    const { channel } = this;
    return html`<article class="card">
      <artwork-image .src=${channel.artwork_url} .seed=${channel.title}></artwork-image>
      <div class="words">
        <div class="name">
          <h2 class="cut"><a href=${href(`/?${new URLSearchParams({ channel: channel.id, title: channel.title })}`)}>${channel.title}</a></h2>
          ${channel.is_enabled ? nothing : html`<span class="badge">${t("channels.paused")}</span>`}
        </div>
        <p class="soft small">
          ${t("channels.tracks", { count: channel.track_count })} ·
          ${t("channels.every", { interval: formatInterval(channel.interval_seconds) })}
        </p>
        <p class="soft small">
          ${t("channels.checked", { when: formatAgo(channel.last_checked_at) })}${channel.next_check_at && channel.is_enabled
            ? ` · ${t("channels.nextCheck", { when: formatAgo(channel.next_check_at) })}`
            : ""}
        </p>
        ${channel.error ? html`<p class="danger-text small">${channel.error}</p>` : nothing}
      </div>
      ${currentUser()?.is_admin ? this.renderTools() : nothing}
    </article>`;
  }

  private renderTools() {
    const { channel } = this;
    const label = t("channels.refresh", { title: channel.title });
    return html`<div class="row">
      <button class="icon-button" aria-label=${label} title=${label} @click=${this.refresh}>${icon("retry", 20)}</button>
      <action-menu label=${t("channels.menu", { title: channel.title })} .actions=${() => this.actions()}></action-menu>
    </div>`;
  }

  private actions(): MenuAction[] {
    const { channel } = this;
    const turn = (): void => void this.change({ is_enabled: !channel.is_enabled });
    return [
      { label: t("channels.rename"), icon: "pencil", run: () => void this.rename() },
      channel.is_enabled
        ? { label: t("channels.pause"), icon: "pause", run: turn }
        : { label: t("channels.resume"), icon: "play", run: turn },
      { label: t("channels.delete"), icon: "trash", isDanger: true, run: () => void this.delete() },
    ];
  }

  private async refresh(): Promise<void> {
    const { channel } = this;
    if (await attempt(() => refreshChannel(channel.id))) toast(t("channels.refreshing", { title: channel.title }));
    this.tell();
  }

  private async rename(): Promise<void> {
    const field = { label: t("channels.title"), value: this.channel.title };
    const title = await ask({ title: t("channels.rename"), action: t("action.save"), field });
    if (title) await this.change({ title });
  }

  private async change(change: Parameters<typeof patchChannel>[1]): Promise<void> {
    await attempt(() => patchChannel(this.channel.id, change));
    this.tell();
  }

  private async delete(): Promise<void> {
    const { channel } = this;
    const isSure = await confirm({
      title: t("channels.deleteTitle", { title: channel.title }),
      text: t("channels.deleteText"),
      action: t("action.delete"),
      isDanger: true,
    });
    if (isSure) await attempt(() => deleteChannel(channel.id));
    this.tell();
  }

  private tell(): void {
    this.dispatchEvent(new CustomEvent("channel-changed", { bubbles: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "channel-card": ChannelCard;
  }
}
