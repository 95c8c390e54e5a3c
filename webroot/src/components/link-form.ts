/** Paste a link; on wish it is followed, and becomes a playlist that mirrors the remote one. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import { addDownload } from "../api/downloads";
import type { DownloadWish } from "../api/types";
import { formatInterval } from "../shell/format";
import { explain, t } from "../shell/i18n";
import { toast } from "../shell/toasts";
import { shared } from "../styles/shared";
import "./form-field";
import { icon } from "./icons";

export const INTERVALS = [3_600, 21_600, 86_400, 604_800];

@customElement("link-form")
export class LinkForm extends LitElement {
  @state() private isFollowing = false;
  @state() private isBusy = false;
  @state() private error = "";
  @query("form") private form!: HTMLFormElement;

  static override styles = [
    ...shared,
    css`
      .line {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2) var(--space-3);
        align-items: end;
      }
      .line form-field {
        flex: 1 1 260px;
      }
      .line .button {
        flex: 0 0 auto;
      }
      .options {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(220px, 100%), 1fr));
        gap: var(--space-3);
      }
      .options label {
        display: grid;
        gap: var(--space-1);
        align-content: start;
      }
      @media (max-width: 599px) {
        .line .button {
          flex: 1;
        }
      }
    `,
  ];

  protected override render() {
    return html`<form class="card stack" @submit=${this.submit}>
      <div class="line">
        <form-field name="url" label=${t("link.label")} placeholder=${t("link.placeholder")} required maxlength="2000"></form-field>
        <button class="button primary with-icon" ?disabled=${this.isBusy}>${icon("add", 20)}${t("link.add")}</button>
      </div>
      ${this.error ? html`<p class="form-error" role="alert">${icon("warning", 20)}${this.error}</p>` : nothing}
      <label class="check">
        <input type="checkbox" .checked=${this.isFollowing} @change=${this.turn} />
        <span>${t("link.follow")}<br /><span class="soft small">${t("link.followHint")}</span></span>
      </label>
      ${this.isFollowing ? this.renderFollowing() : nothing}
    </form>`;
  }

  private renderFollowing() {
    return html`<div class="options">
      <form-field name="title" label=${t("link.playlistTitle")} hint=${t("link.playlistTitleHint")} maxlength="200"></form-field>
      <label>
        <span class="label">${t("link.interval")}</span>
        <select name="interval">
          ${INTERVALS.map(
            (seconds) => html`<option value=${seconds} ?selected=${seconds === 86_400}>${formatInterval(seconds)}</option>`,
          )}
        </select>
      </label>
    </div>`;
  }

  private turn(event: Event): void {
    this.isFollowing = (event.target as HTMLInputElement).checked;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    this.isBusy = true;
    this.error = "";
    try {
      const download = await addDownload(this.read());
      this.form.reset();
      this.isFollowing = false;
      toast(t("link.added"));
      this.dispatchEvent(new CustomEvent("download-added", { detail: download }));
    } catch (error) {
      this.error = explain(error);
    }
    this.isBusy = false;
  }

  private read(): DownloadWish {
    const data = new FormData(this.form);
    const text = (name: string): string => String(data.get(name) ?? "").trim();
    const url = withScheme(text("url"));
    if (!this.isFollowing) return { url };
    const title = text("title");
    return { url, follow: true, interval_seconds: Number(text("interval")), ...(title ? { playlist_title: title } : {}) };
  }
}

/** People paste "example.org/feed"; what has a scheme is left for the server to judge. */
export function withScheme(link: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(link) ? link : `https://${link}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "link-form": LinkForm;
  }
}
