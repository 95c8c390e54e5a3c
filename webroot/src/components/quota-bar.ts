/** How much room is taken, and of how much where there is a limit. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { Usage } from "../api/types";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { base } from "../styles/shared";
import "./progress-bar";

@customElement("quota-bar")
export class QuotaBar extends LitElement {
  /** Null until it is known. */
  @property({ attribute: false }) usage: Usage | null = null;
  @property({ attribute: false }) quota: number | null = null;

  static override styles = [
    base,
    css`
      p {
        min-block-size: 1.45em;
      }
      progress-bar {
        margin-block-start: var(--space-1);
      }
    `,
  ];

  protected override render() {
    const { quota, usage } = this;
    if (!usage) return html`<p class="soft small"></p>`;
    const used = formatBytes(usage.used_bytes);
    const tracks = t("library.count", { count: usage.tracks });
    if (quota === null) return html`<p class="soft small numbers">${tracks}${usage.tracks ? ` · ${used}` : ""}</p>`;
    const words = t("quota.used", { used, quota: formatBytes(quota) });
    const part = quota > 0 ? usage.used_bytes / quota : 1;
    return html`<p class="soft small numbers">
        ${tracks} · ${words}${part >= 1 ? html` · <span class="danger-text">${t("quota.full")}</span>` : nothing}
      </p>
      <progress-bar .value=${part} label=${words} tone=${part >= 1 ? "bad" : "accent"}></progress-bar>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "quota-bar": QuotaBar;
  }
}
