/** Everyone's download items. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { listQueue, retryQueueItem } from "../api/downloads";
import type { ItemState, List, QueueItem } from "../api/types";
import { formatAgo, formatBytes } from "../shell/format";
import { explainFault, t } from "../shell/i18n";
import { Poll } from "../shell/poll";
import { attempt } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { hostOf, lookOf } from "./download-card";
import "./empty-state";
import { icon } from "./icons";
import "./loading-state";
import "./progress-bar";

const EVERY_MS = 2_000;
const PART = 50;
const STATES: readonly ItemState[] = ["queued", "running", "paused", "failed", "done", "cancelled", "skipped"];

@customElement("admin-queue")
export class AdminQueue extends LitElement {
  @state() private list: List<QueueItem> | null = null;
  @state() private error: unknown = null;
  @state() private chosen: ItemState | "" = "";
  private wanted = PART;
  private readonly poll = new Poll(this, EVERY_MS, () => this.look());

  static override styles = [
    ...shared,
    lines,
    css`
      select {
        inline-size: auto;
      }
    `,
  ];

  protected override render() {
    return html`<div class="stack">
      <div class="row">
        <label class="row">
          <span class="label">${t("queueAdmin.show")}</span>
          <select @change=${this.choose}>
            <option value="">${t("queueAdmin.all")}</option>
            ${STATES.map((name) => html`<option value=${name}>${t(`state.${name}`)}</option>`)}
          </select>
        </label>
        ${this.list ? html`<span class="soft small">${t("downloads.items", { count: this.list.count })}</span>` : nothing}
      </div>
      ${this.renderList()}
    </div>`;
  }

  private renderList() {
    if (!this.list) {
      return html`<loading-state .error=${this.error} @again=${() => this.poll.now()}></loading-state>`;
    }
    if (this.list.results.length === 0) {
      return html`<empty-state icon="check" heading=${t("queueAdmin.empty")} text=${t("queueAdmin.emptyText")}></empty-state>`;
    }
    return html`<ul class="card lines" role="list">
        ${this.list.results.map((item) => html`<li>${this.renderItem(item)}</li>`)}
      </ul>
      ${this.list.next === null
        ? nothing
        : html`<button class="button more" @click=${this.more}>${t("action.more")}</button>`}`;
  }

  private renderItem(item: QueueItem) {
    const name = item.title ?? item.url;
    const canRetry = item.state === "failed" || item.state === "cancelled";
    return html`<div class="words">
        <div class="name">
          <h2>${name}</h2>
          <span class="badge ${lookOf(item.state)}">${t(`state.${item.state}`)}</span>
        </div>
        <p class="soft small">
          ${hostOf(item.url)} · ${t("queueAdmin.attempts", { count: item.attempts })} · ${formatAgo(item.updated_at)}
          ${item.bytes_done > 0 ? ` · ${formatBytes(item.bytes_done)}` : ""}
          ${item.not_before && item.state === "queued" ? ` · ${t("queueAdmin.notBefore", { when: formatAgo(item.not_before) })}` : ""}
        </p>
      </div>
      ${canRetry
        ? html`<button class="button with-icon" @click=${() => this.retry(item)} aria-label="${t("action.retry")}: ${name}">
            ${icon("retry", 18)}${t("action.retry")}
          </button>`
        : html`<span></span>`}
      ${item.state === "running"
        ? html`<progress-bar
            class="wide"
            .value=${item.bytes_total ? item.bytes_done / item.bytes_total : null}
            label=${t("downloads.progress", { title: name })}
          ></progress-bar>`
        : nothing}
      ${item.error_code || item.error
        ? html`<p class="small error wide">${explainFault(item.error_code, item.error)}</p>`
        : nothing}`;
  }

  private choose(event: Event): void {
    this.chosen = (event.target as HTMLSelectElement).value as ItemState | "";
    this.wanted = PART;
    void this.poll.now();
  }

  private more(): void {
    this.wanted += PART;
    void this.poll.now();
  }

  private async retry(item: QueueItem): Promise<void> {
    await attempt(() => retryQueueItem(item.id));
    await this.poll.now();
  }

  private async look(): Promise<void> {
    const { chosen, wanted } = this;
    try {
      const list = await listQueue(chosen, wanted);
      if (chosen !== this.chosen || wanted !== this.wanted) return void this.look();
      this.list = list;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
  }
}
