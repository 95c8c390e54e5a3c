/** A secret on its way into an authenticator app: by camera or by hand, and proven by the first code. */
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";

import { proveSecondFactor } from "../api/second-factor";
import type { PendingFactor } from "../api/types";
import { t } from "../shell/i18n";
import { shared } from "../styles/shared";
import "./code-field";
import "./qr-code";
import { read, Submission, textOf } from "./submission";

@customElement("second-factor-setup")
export class SecondFactorSetup extends LitElement {
  @property({ attribute: false }) pending!: PendingFactor;

  private readonly submission = new Submission(this);

  static override styles = [
    ...shared,
    css`
      .ways {
        display: grid;
        grid-template-columns: 208px minmax(0, 1fr);
        gap: var(--space-6);
        align-items: start;
      }
      qr-code {
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
      }
      .secret {
        display: block;
        padding: var(--space-3);
        border-radius: var(--radius-s);
        background: var(--surface-2);
        letter-spacing: 0.04em;
        line-height: 1.7;
        user-select: all;
      }
      .by-hand {
        display: grid;
        gap: var(--space-2);
      }
      .row {
        justify-content: flex-end;
      }
      @media (max-width: 699px) {
        .ways {
          grid-template-columns: minmax(0, 1fr);
        }
        qr-code {
          inline-size: min(240px, 100%);
          justify-self: center;
        }
        .row > .button {
          flex: 1;
        }
      }
    `,
  ];

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("code-field")?.focus();
  }

  protected override render() {
    return html`<div class="ways">
      <qr-code .text=${this.pending.uri} label=${t("factor.qr")}></qr-code>
      <form class="form" @submit=${this.submit}>
        ${this.submission.render()}
        <div class="by-hand">
          <p>${t("factor.scan")}</p>
          <p class="soft small">${t("factor.type")}</p>
          <code class="secret">${inFours(this.pending.secret)}</code>
        </div>
        <code-field .withoutRecovery=${true}></code-field>
        <div class="row">
          <button class="button" type="button" @click=${() => this.dispatchEvent(new CustomEvent("given-up"))}>
            ${t("action.cancel")}
          </button>
          <button class="button primary" aria-disabled=${this.submission.isBusy}>${t("factor.turnOn")}</button>
        </div>
      </form>
    </div>`;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    const code = textOf(read(event), "totp");
    await this.submission.run(async () => {
      const detail = await proveSecondFactor(code);
      this.dispatchEvent(new CustomEvent<string[]>("proven", { detail }));
    });
  }
}

/** Easier to read across a desk. */
function inFours(secret: string): string {
  return secret.replace(/(.{4})(?=.)/g, "$1 ");
}

declare global {
  interface HTMLElementTagNameMap {
    "second-factor-setup": SecondFactorSetup;
  }
}
