/** A code of the second factor before it is changed. `work` gets the code; where it rejects, the dialog stays. */
import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import "./code-field";
import { FormDialog } from "./form-dialog";
import { showModal } from "./modal-dialog";
import { textOf } from "./submission";

export interface CodeQuestion {
  title: string;
  text?: string;
  action: string;
  isDanger?: boolean;
  work: (code: string) => Promise<unknown>;
}

@customElement("code-dialog")
export class CodeDialog extends FormDialog {
  @property({ attribute: false }) question!: CodeQuestion;

  protected override heading(): string {
    return this.question.title;
  }

  protected override action(): string {
    return this.question.action;
  }

  protected override renderFields() {
    this.isDanger = this.question.isDanger ?? false;
    return html`${this.question.text ? html`<p class="text">${this.question.text}</p>` : nothing}
      <code-field></code-field>`;
  }

  protected override save(data: FormData): Promise<unknown> {
    return this.question.work(textOf(data, "totp"));
  }
}

export function askCode(question: CodeQuestion): Promise<boolean> {
  const dialog = document.createElement("code-dialog");
  dialog.question = question;
  return showModal(dialog);
}

declare global {
  interface HTMLElementTagNameMap {
    "code-dialog": CodeDialog;
  }
}
