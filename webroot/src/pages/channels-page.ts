/** The household's channels: everyone sees them, admins tend them. */
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { addChannel, listChannels } from "../api/downloads";
import type { Channel } from "../api/types";
import "../components/channel-card";
import "../components/empty-state";
import "../components/form-field";
import { icon } from "../components/icons";
import { INTERVALS, withScheme } from "../components/link-form";
import "../components/loading-state";
import { formatInterval } from "../shell/format";
import { explain, t } from "../shell/i18n";
import { Poll } from "../shell/poll";
import { currentUser } from "../shell/session";
import { toast } from "../shell/toasts";
import { form } from "../styles/form";
import { shared } from "../styles/shared";

const EVERY_MS = 10_000;

@customElement("channels-page")
export class ChannelsPage extends LitElement {
  @state() private channels: readonly Channel[] | null = null;
  @state() private error: unknown = null;
  @state() private refusal = "";
  @state() private isBusy = false;
  private readonly poll = new Poll(this, EVERY_MS, () => this.look());

  static override styles = [...shared, form];

  protected override render() {
    return html`<div class="page">
      <header class="page-head">
        <div>
          <h1>${t("page.channels-page")}</h1>
          <p class="soft">${t("channels.text")}</p>
        </div>
      </header>
      ${currentUser()?.is_admin ? this.renderForm() : nothing} ${this.renderList()}
    </div>`;
  }

  private renderForm() {
    return html`<form class="card stack" @submit=${this.submit}>
      <div class="line">
        <form-field name="url" label=${t("channels.link")} placeholder=${t("link.placeholder")} required maxlength="2000"></form-field>
        <form-field name="title" label=${t("channels.title")} maxlength="200"></form-field>
        <label class="choice">
          <span class="label">${t("link.interval")}</span>
          <select name="interval">
            ${INTERVALS.map((seconds) => html`<option value=${seconds} ?selected=${seconds === 21_600}>${formatInterval(seconds)}</option>`)}
          </select>
        </label>
        <button class="button primary with-icon" ?disabled=${this.isBusy}>${icon("add", 20)}${t("channels.add")}</button>
      </div>
      ${this.refusal ? html`<p class="form-error" role="alert">${icon("warning", 20)}${this.refusal}</p>` : nothing}
    </form>`;
  }

  private renderList() {
    const { channels } = this;
    if (channels === null) {
      return html`<loading-state rows="3" .error=${this.error} @again=${() => this.poll.now()}></loading-state>`;
    }
    if (channels.length === 0) {
      const text = currentUser()?.is_admin ? t("channels.emptyText") : t("channels.emptyTextUser");
      return html`<empty-state icon="channel" heading=${t("channels.empty")} text=${text}></empty-state>`;
    }
    return html`<div class="stack" @channel-changed=${() => this.poll.now()}>
      ${channels.map((channel) => html`<channel-card .channel=${channel}></channel-card>`)}
    </div>`;
  }

  private async look(): Promise<void> {
    try {
      this.channels = (await listChannels()).results;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const target = event.target as HTMLFormElement;
    const data = new FormData(target);
    const text = (name: string): string => String(data.get(name) ?? "").trim();
    const title = text("title");
    this.isBusy = true;
    this.refusal = "";
    try {
      const wish = { url: withScheme(text("url")), interval_seconds: Number(text("interval")) };
      await addChannel(title ? { ...wish, title } : wish);
      target.reset();
      toast(t("channels.added"));
      await this.poll.now();
    } catch (error) {
      this.refusal = explain(error);
    }
    this.isBusy = false;
  }
}
