/** Shows the toasts, above everything (dialogs too), in a live region. */
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement } from "lit/decorators.js";

import { icon } from "../components/icons";
import { base, buttons } from "../styles/shared";
import { t } from "./i18n";
import { Watch } from "./store";
import { dismiss, type Toast, toasts } from "./toasts";

@customElement("toast-stack")
export class ToastStack extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      :host([popover]) {
        inset: auto 0 calc(var(--player-height) + var(--tabs-height) + var(--space-3)) 0;
        margin: 0 auto;
        padding: 0 var(--space-3);
        border: 0;
        background: none;
        color: inherit;
        overflow: visible;
        inline-size: min(480px, 100vw);
        pointer-events: none;
      }
      div {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        min-block-size: 52px;
        padding: var(--space-1) var(--space-1) var(--space-1) var(--space-4);
        margin-block-start: var(--space-2);
        border-radius: var(--radius-l);
        background: light-dark(oklch(0.27 0.02 268), oklch(0.93 0.008 268));
        color: light-dark(oklch(0.97 0.005 268), oklch(0.22 0.02 268));
        box-shadow: var(--shadow-2);
        font-size: var(--text-2);
        pointer-events: auto;
        animation: rise 180ms cubic-bezier(0.2, 0, 0, 1);
      }
      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(8px);
        }
      }
      p {
        flex: 1;
        overflow-wrap: anywhere;
        padding-block: var(--space-1);
      }
      .error > svg {
        flex: none;
        color: light-dark(oklch(0.8 0.12 22), oklch(0.5 0.18 24));
      }
      .button,
      .icon-button,
      .button:hover:not(:disabled),
      .icon-button:hover:not(:disabled) {
        color: inherit;
        background: none;
      }
      .button {
        text-decoration: underline;
        text-underline-offset: 3px;
      }
      @media (max-width: 599px) {
        div {
          flex-wrap: wrap;
        }
        p {
          flex-basis: calc(100% - 88px);
        }
        .button {
          order: 1;
          margin-inline-start: auto;
        }
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, toasts);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.popover = "manual";
    this.setAttribute("role", "status");
    this.setAttribute("aria-live", "polite");
  }

  protected override render() {
    return toasts.value.map((toast) => this.renderToast(toast));
  }

  /** Hidden and shown again, it is the topmost of what floats; always shown, it is a live region that is there. */
  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.matches(":popover-open")) this.hidePopover();
    this.showPopover();
  }

  private renderToast({ id, text, kind, action }: Toast) {
    const run = (): void => {
      dismiss(id);
      action?.run();
    };
    return html`<div class=${kind}>
      ${kind === "error" ? icon("warning", 20) : nothing}
      <p>${text}</p>
      ${action ? html`<button class="button" @click=${run}>${action.label}</button>` : nothing}
      <button class="icon-button" aria-label=${t("action.close")} @click=${() => dismiss(id)}>${icon("close", 18)}</button>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "toast-stack": ToastStack;
  }
}
