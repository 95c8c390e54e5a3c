/** A new password for somebody who has lost theirs. */
import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { resetPassword } from "../api/people";
import type { Person } from "../api/types";
import { t } from "../shell/i18n";
import { FormDialog } from "./form-dialog";
import { showModal } from "./modal-dialog";
import { textOf } from "./submission";

@customElement("reset-dialog")
export class ResetDialog extends FormDialog {
  @property({ attribute: false }) person!: Person;

  protected override heading(): string {
    return t("reset.title", { name: this.person.username });
  }

  protected override action(): string {
    return t("reset.action");
  }

  protected override renderFields() {
    return html`<p class="text">${t("reset.text")}</p>
      <form-field
        name="password"
        type="password"
        label=${t("password.new")}
        fill="new-password"
        hint=${t("people.passwordHint")}
        required
      ></form-field>
      ${this.person.has_second_factor
        ? html`<label class="check told">
            <input type="checkbox" name="remove_second_factor" />
            <span><b>${t("reset.factor")}</b><span class="soft small">${t("reset.factorText")}</span></span>
          </label>`
        : nothing}`;
  }

  protected override save(data: FormData): Promise<void> {
    const [password, remove_second_factor] = [textOf(data, "password"), data.has("remove_second_factor")];
    return resetPassword(this.person.id, { password, remove_second_factor });
  }
}

export function askReset(person: Person): Promise<boolean> {
  const dialog = document.createElement("reset-dialog");
  dialog.person = person;
  return showModal(dialog);
}

declare global {
  interface HTMLElementTagNameMap {
    "reset-dialog": ResetDialog;
  }
}
