/** Over plain http nothing can be kept: says what is missing, and who can change that. */
import { css, html } from "lit";
import { customElement } from "lit/decorators.js";

import { t } from "../shell/i18n";
import "./connection-card";
import { ModalDialog, showModal } from "./modal-dialog";

@customElement("offline-plain")
export class OfflinePlain extends ModalDialog {
  static override styles = [
    ModalDialog.styles,
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

  protected override answer(): void {}
}

export function showPlain(): Promise<void> {
  return showModal(document.createElement("offline-plain"));
}

declare global {
  interface HTMLElementTagNameMap {
    "offline-plain": OfflinePlain;
  }
}
