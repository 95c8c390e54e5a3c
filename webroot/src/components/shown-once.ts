/** A secret that is shown only now: to be copied, then put away. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { t } from "../shell/i18n";
import { attempt, toast } from "../shell/toasts";
import { made } from "../styles/made";
import { base, buttons, surfaces } from "../styles/shared";
import { icon } from "./icons";

@customElement("shown-once")
export class ShownOnce extends LitElement {
  @property() text = "";
  @property() secret = "";
  /** Said when it was copied. */
  @property() copied = "";

  static override styles = [
    base,
    buttons,
    surfaces,
    made,
    css`
      code {
        padding: var(--space-3);
        border-radius: var(--radius-s);
        background: var(--surface-1);
        overflow-wrap: anywhere;
        user-select: all;
      }
    `,
  ];

  /** The button that made it is gone: the keyboard goes on from here. */
  protected override firstUpdated(): void {
    this.renderRoot.querySelector("button")?.focus();
  }

  protected override render() {
    return html`<div class="made" role="status">
      <p>${this.text}</p>
      <code>${this.secret}</code>
      <div class="row">
        ${navigator.clipboard
          ? html`<button class="button with-icon" @click=${this.copy}>${icon("copy", 20)}${t("tokens.copy")}</button>`
          : nothing}
        <button class="button primary" @click=${() => this.dispatchEvent(new CustomEvent("kept"))}>${t("tokens.kept")}</button>
      </div>
    </div>`;
  }

  private async copy(): Promise<void> {
    if (await attempt(() => navigator.clipboard.writeText(this.secret))) toast(this.copied);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "shown-once": ShownOnce;
  }
}
