/** Over plain http nothing can be kept: says what is missing, and who can change that. */
import { css, html, LitElement } from "lit";
import { customElement, query } from "lit/decorators.js";

import { t } from "../shell/i18n";
import { dialogs } from "../styles/dialogs";
import { base, buttons } from "../styles/shared";
import "./connection-card";

@customElement("offline-plain")
export class OfflinePlain extends LitElement {
  @query("dialog") private dialog!: HTMLDialogElement;

  closed: () => void = () => undefined;

  static override styles = [
    base,
    buttons,
    dialogs,
    css`
      form {
        display: grid;
        gap: var(--space-3);
      }
    `,
  ];

  protected override render() {
    return html`<dialog aria-label=${t("keep.plainTitle")} @close=${this.close}>
      <form method="dialog">
        <h2>${t("keep.plainTitle")}</h2>
        <connection-card bare></connection-card>
        <div class="actions"><button class="button primary" autofocus>${t("action.close")}</button></div>
      </form>
    </dialog>`;
  }

  protected override firstUpdated(): void {
    this.dialog.showModal();
  }

  private close(): void {
    this.closed();
    this.remove();
  }
}

export function showPlain(): Promise<void> {
  return new Promise((resolve) => {
    const dialog = document.createElement("offline-plain");
    dialog.closed = resolve;
    document.body.append(dialog);
  });
}

declare global {
  interface HTMLElementTagNameMap {
    "offline-plain": OfflinePlain;
  }
}
