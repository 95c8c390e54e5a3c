/** The second factor of one's own account: off, on its way, on. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { beginSecondFactor, endSecondFactor, getSecondFactor, renewRecoveryCodes } from "../api/second-factor";
import type { PendingFactor, SecondFactor } from "../api/types";
import { formatDate } from "../shell/format";
import { t } from "../shell/i18n";
import { loadSession } from "../shell/session";
import { attempt, toast } from "../shell/toasts";
import { shared } from "../styles/shared";
import { askCode } from "./code-dialog";
import { icon } from "./icons";
import "./recovery-codes";

const FEW_CODES = 3;

@customElement("second-factor-card")
export class SecondFactorCard extends LitElement {
  /** Null until it is known. */
  @state() private factor: SecondFactor | null = null;
  @state() private pending: PendingFactor | null = null;
  @state() private codes: readonly string[] | null = null;
  @state() private isBusy = false;

  static override styles = [
    ...shared,
    css`
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-2) var(--space-3);
      }
      .warning {
        display: flex;
        gap: var(--space-3);
        padding: var(--space-3);
        border-radius: var(--radius-s);
        background: var(--danger-soft);
        color: var(--danger);
      }
      .warning svg {
        flex: none;
      }
      @media (max-width: 599px) {
        .row > .button {
          flex: 1 1 auto;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    return html`<section class="card stack">
      <div>
        <div class="head">
          <h2>${t("factor.heading")}</h2>
          ${this.factor?.is_on ? html`<span class="badge good">${t("factor.on")}</span>` : nothing}
        </div>
        <p class="soft small">${t("factor.text")}</p>
      </div>
      ${this.renderState()}
    </section>`;
  }

  private renderState() {
    if (this.codes) return html`<recovery-codes .codes=${this.codes} @kept=${this.kept}></recovery-codes>`;
    if (this.pending) {
      return html`<second-factor-setup
        .pending=${this.pending}
        @proven=${this.proven}
        @given-up=${this.givenUp}
      ></second-factor-setup>`;
    }
    if (!this.factor) return nothing;
    return this.factor.is_on ? this.renderOn(this.factor) : this.renderOff();
  }

  private renderOff() {
    return html`<div class="row">
      <button class="button primary" ?disabled=${this.isBusy} @click=${this.turnOn}>${t("factor.begin")}</button>
    </div>`;
  }

  private renderOn({ created_at, recovery_codes_left }: SecondFactor) {
    const left = t("recovery.left", { count: recovery_codes_left });
    return html`${recovery_codes_left <= FEW_CODES
        ? html`<p class="warning">${icon("warning", 20)}<span>${left} ${t("recovery.few")}</span></p>`
        : nothing}
      <p>
        ${t("factor.since", { date: formatDate(created_at) })}
        ${recovery_codes_left > FEW_CODES ? html`<span class="soft">· ${left}</span>` : nothing}
      </p>
      <div class="row">
        <button class="button" @click=${this.renewCodes}>${t("recovery.renew")}</button>
        <button class="button" @click=${this.move}>${t("factor.move")}</button>
        <button class="button" @click=${this.turnOff}>${t("factor.turnOff")}</button>
      </div>`;
  }

  private async turnOn(): Promise<void> {
    this.isBusy = true;
    await attempt(async () => (this.pending = await this.begin(null)));
    this.isBusy = false;
  }

  private async begin(code: string | null): Promise<PendingFactor> {
    const [pending] = await Promise.all([beginSecondFactor(code), import("./second-factor-setup")]);
    return pending;
  }

  private proven(event: CustomEvent<string[]>): void {
    this.pending = null;
    this.codes = event.detail;
    toast(t("factor.isOn"));
    void this.changed();
  }

  private async givenUp(): Promise<void> {
    this.pending = null;
    await this.focusFirst();
  }

  private async kept(): Promise<void> {
    await this.load();
    this.codes = null;
    await this.focusFirst();
  }

  /** What comes out of a dialog is shown when the dialog has given the focus back, and takes it then. */
  private async renewCodes(): Promise<void> {
    let codes: readonly string[] | null = null;
    await askCode({
      title: t("recovery.renewTitle"),
      text: t("recovery.renewText"),
      action: t("recovery.renew"),
      work: async (code) => (codes = await renewRecoveryCodes(code)),
    });
    this.codes = codes;
    await this.changed();
  }

  private async move(): Promise<void> {
    let pending: PendingFactor | null = null;
    await askCode({
      title: t("factor.move"),
      text: t("factor.moveText"),
      action: t("factor.next"),
      work: async (code) => (pending = await this.begin(code)),
    });
    this.pending = pending;
  }

  private async turnOff(): Promise<void> {
    const isDone = await askCode({
      title: t("factor.turnOffTitle"),
      text: t("factor.turnOffText"),
      action: t("factor.turnOff"),
      isDanger: true,
      work: endSecondFactor,
    });
    if (isDone) toast(t("factor.isOff"));
    await this.changed();
    if (isDone) await this.focusFirst();
  }

  /** What had the focus is gone: it goes on in what stands there instead. */
  private async focusFirst(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector("button")?.focus();
  }

  /** The session knows of it too: forms ask for the code where there is one. */
  private async changed(): Promise<void> {
    await Promise.all([this.load(), loadSession().catch(() => undefined)]);
  }

  private async load(): Promise<void> {
    await attempt(async () => {
      this.factor = await getSecondFactor();
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "second-factor-card": SecondFactorCard;
  }
}
