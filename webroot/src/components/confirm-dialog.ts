/** A question that must be answered before something is lost. `await confirm({...})` resolves true for yes. */
import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { t } from "../shell/i18n";
import { fields } from "../styles/shared";
import "./form-field";
import { ModalDialog, showModal } from "./modal-dialog";

export interface Question {
  title: string;
  text?: string;
  action: string;
  isDanger?: boolean;
  /** Asks for a text as well; the answer is that text. */
  field?: { label: string; value: string };
}

@customElement("confirm-dialog")
export class ConfirmDialog extends ModalDialog<string | null> {
  @property({ attribute: false }) question: Question = { title: "", action: "" };

  static override styles = [ModalDialog.styles, fields];

  protected override render() {
    const { title, text, action, isDanger, field } = this.question;
    return html`<dialog aria-labelledby="title" @close=${this.close}>
      <form method="dialog" class="form">
        <h2 id="title">${title}</h2>
        ${text ? html`<p class="text">${text}</p>` : nothing}
        ${field
          ? html`<form-field name="answer" label=${field.label} .value=${field.value} required maxlength="200"></form-field>`
          : nothing}
        <div class="actions">
          <button class="button" value="" formnovalidate>${t("action.cancel")}</button>
          <button class="button ${isDanger ? "danger" : "primary"}" value="yes" ?autofocus=${!field}>${action}</button>
        </div>
      </form>
    </dialog>`;
  }

  protected override firstUpdated(): void {
    super.firstUpdated();
    void this.updateComplete.then(() => {
      const input = this.renderRoot.querySelector("input");
      input?.focus();
      input?.select();
    });
  }

  protected override answer(): string | null {
    const text = this.renderRoot.querySelector("input")?.value.trim() ?? "yes";
    return this.dialog.returnValue === "yes" && text ? text : null;
  }
}

export async function confirm(question: Question): Promise<boolean> {
  return (await ask(question)) !== null;
}

/** Like confirm, with a text: resolves null where it was cancelled. */
export function ask(question: Question): Promise<string | null> {
  const dialog = document.createElement("confirm-dialog");
  dialog.question = question;
  return showModal(dialog);
}

declare global {
  interface HTMLElementTagNameMap {
    "confirm-dialog": ConfirmDialog;
  }
}
