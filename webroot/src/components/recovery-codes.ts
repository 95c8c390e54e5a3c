/** The recovery codes, shown only now: to be copied or saved as a file, then put away. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { t } from "../shell/i18n";
import { currentUser } from "../shell/session";
import { attempt, toast } from "../shell/toasts";
import { made } from "../styles/made";
import { base, buttons, surfaces } from "../styles/shared";
import { icon } from "./icons";

@customElement("recovery-codes")
export class RecoveryCodes extends LitElement {
  @property({ attribute: false }) codes: readonly string[] = [];

  static override styles = [
    base,
    buttons,
    surfaces,
    made,
    css`
      ol {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(190px, 1fr));
        gap: var(--space-2) var(--space-4);
        padding: var(--space-4);
        border-radius: var(--radius-s);
        background: var(--surface-1);
        user-select: all;
        white-space: nowrap;
      }
      .primary {
        margin-inline-start: auto;
      }
      @media (max-width: 599px) {
        .row > .button {
          flex: 1 1 auto;
        }
      }
    `,
  ];

  /** The button that made them is gone: the keyboard goes on from here. */
  protected override firstUpdated(): void {
    this.renderRoot.querySelector("button")?.focus();
  }

  protected override render() {
    return html`<div class="made" role="status">
      <p>${t("recovery.once")}</p>
      <ol role="list" aria-label=${t("recovery.heading")}>
        ${this.codes.map((code) => html`<li><code>${code}</code></li>`)}
      </ol>
      <div class="row">
        ${navigator.clipboard
          ? html`<button class="button with-icon" @click=${this.copy}>${icon("copy", 20)}${t("tokens.copy")}</button>`
          : nothing}
        <button class="button with-icon" @click=${this.save}>${icon("download", 20)}${t("recovery.save")}</button>
        <button class="button primary" @click=${() => this.dispatchEvent(new CustomEvent("kept"))}>
          ${t("recovery.kept")}
        </button>
      </div>
    </div>`;
  }

  private async copy(): Promise<void> {
    if (await attempt(() => navigator.clipboard.writeText(this.codes.join("\n")))) toast(t("recovery.copied"));
  }

  private save(): void {
    const title = t("recovery.fileTitle", { name: currentUser()?.username ?? "", server: location.host });
    const address = URL.createObjectURL(new Blob([`${title}\n\n${this.codes.join("\n")}\n`], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = "soundwave-recovery-codes.txt";
    link.click();
    URL.revokeObjectURL(address);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "recovery-codes": RecoveryCodes;
  }
}
