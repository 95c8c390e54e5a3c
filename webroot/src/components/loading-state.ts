/** While the first answer is on its way: the shape of what will come. With an error: what happened, and a way on. */
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";

import { isOnline } from "../shell/connection";
import { explain, t } from "../shell/i18n";
import { base, buttons } from "../styles/shared";
import "./empty-state";

@customElement("loading-state")
export class LoadingState extends LitElement {
  @property({ type: Number }) rows = 8;
  @property({ attribute: false }) error: unknown = null;

  private end: () => void = () => undefined;

  static override styles = [
    base,
    buttons,
    css`
      li {
        display: flex;
        align-items: center;
        gap: var(--space-3);
        block-size: 64px;
        padding-inline: var(--space-2);
      }
      i {
        flex: none;
        inline-size: 48px;
        block-size: 48px;
        border-radius: var(--radius-s);
        background: var(--surface-2);
      }
      b {
        inline-size: min(60%, 320px);
        block-size: 14px;
        border-radius: 7px;
        background: var(--surface-2);
      }
      ul {
        animation: breathe 1.6s ease-in-out infinite;
      }
      @keyframes breathe {
        50% {
          opacity: 0.5;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.end = isOnline.subscribe(() => isOnline.value && this.error && this.again());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
  }

  protected override render() {
    if (this.error) {
      return html`<empty-state icon="warning" heading=${t("error.heading")} text=${explain(this.error)}>
        <button class="button" @click=${this.again}>${t("action.retry")}</button>
      </empty-state>`;
    }
    return html`<p class="unseen" role="status">${t("shell.loading")}</p>
      <ul role="presentation" aria-hidden="true">
        ${Array.from({ length: this.rows }, () => html`<li role="presentation"><i></i><b></b></li>`)}
      </ul>`;
  }

  private again(): void {
    this.dispatchEvent(new CustomEvent("again"));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "loading-state": LoadingState;
  }
}
