/** How much room somebody has, in gigabytes (10⁹ bytes, as disks are sold); empty where there is no limit. */
import { html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";

import { t } from "../shell/i18n";
import "./form-field";

const GIGABYTE = 1e9;
const NAME = "quota_gigabytes";

@customElement("quota-field")
export class QuotaField extends LitElement {
  @property({ attribute: false }) bytes: number | null = null;

  /** Like form-field, it draws into its parent's tree. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render() {
    return html`<form-field
      name=${NAME}
      type="number"
      step="any"
      min="0"
      label=${t("quota.label")}
      hint=${t("quota.hint")}
      .value=${this.bytes === null ? "" : String(this.bytes / GIGABYTE)}
    ></form-field>`;
  }
}

/** What the form says, in bytes; null where it is left empty. */
export function quotaIn(data: FormData): number | null {
  const text = String(data.get(NAME) ?? "").trim();
  return text === "" ? null : Math.round(Number(text) * GIGABYTE);
}

declare global {
  interface HTMLElementTagNameMap {
    "quota-field": QuotaField;
  }
}
