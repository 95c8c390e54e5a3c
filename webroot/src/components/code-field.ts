/** The code of the second factor, named `totp`: six digits from the app, or one of the recovery codes. */
import { html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { t } from "../shell/i18n";
import "./form-field";

@customElement("code-field")
export class CodeField extends LitElement {
  /** A new secret is proven by its own code only. */
  @property({ type: Boolean }) withoutRecovery = false;
  @state() private isRecovery = false;

  /** Like form-field, it draws into its parent's tree. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** As soon as it is drawn. */
  override focus(): void {
    void this.updateComplete.then(() => this.querySelector("form-field")?.focus());
  }

  clear(): void {
    const input = this.querySelector("input");
    if (input) input.value = "";
  }

  protected override render() {
    const { isRecovery } = this;
    return html`<form-field
        name="totp"
        label=${t(isRecovery ? "code.recovery" : "code.label")}
        hint=${t(isRecovery ? "code.recoveryHint" : "code.hint")}
        fill=${isRecovery ? "off" : "one-time-code"}
        mode=${isRecovery ? "text" : "numeric"}
        maxlength="64"
        required
      ></form-field>
      ${this.withoutRecovery
        ? ""
        : html`<button class="button quiet" type="button" @click=${this.turn}>
            ${t(isRecovery ? "code.useApp" : "code.useRecovery")}
          </button>`}`;
  }

  private turn(): void {
    this.isRecovery = !this.isRecovery;
    this.clear();
    this.focus();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "code-field": CodeField;
  }
}
