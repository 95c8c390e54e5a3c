/** The password again, and the code where one has a second factor, before something that needs it. */
import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { confirmPassword } from "../api/account";
import { hasCode } from "../api/errors";
import { t } from "../shell/i18n";
import { currentUser } from "../shell/session";
import "./code-field";
import { FormDialog } from "./form-dialog";
import { showModal } from "./modal-dialog";
import { textOf } from "./submission";

@customElement("password-dialog")
export class PasswordDialog extends FormDialog {
  @state() private needsCode = currentUser()?.has_second_factor ?? false;

  protected override heading(): string {
    return t("confirm.title");
  }

  protected override action(): string {
    return t("confirm.action");
  }

  protected override renderFields() {
    return html`<p class="text">${t("confirm.text")}</p>
      <input type="hidden" name="username" autocomplete="username" .value=${currentUser()?.username ?? ""} />
      <form-field name="password" type="password" label=${t("login.password")} fill="current-password" required></form-field>
      ${this.needsCode ? html`<code-field></code-field>` : nothing}`;
  }

  protected override async save(data: FormData): Promise<void> {
    try {
      await confirmPassword(textOf(data, "password"), this.needsCode ? textOf(data, "totp") : null);
    } catch (error) {
      // It was turned on elsewhere, a moment ago.
      if (hasCode(error, "totp_required")) this.needsCode = true;
      throw error;
    }
  }
}

/** Resolves true where the server was convinced. */
export const askPassword = (): Promise<boolean> => showModal(document.createElement("password-dialog"));

declare global {
  interface HTMLElementTagNameMap {
    "password-dialog": PasswordDialog;
  }
}
