/** A new password for oneself. */
import { css, html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";

import { changePassword } from "../api/account";
import { hasCode } from "../api/errors";
import type { PasswordChange } from "../api/types";
import { t } from "../shell/i18n";
import { currentUser, enter, loadSession, session } from "../shell/session";
import { Watch } from "../shell/store";
import { toast } from "../shell/toasts";
import { form } from "../styles/form";
import { shared } from "../styles/shared";
import { cardHead } from "./card-head";
import "./code-field";
import "./form-field";
import { read, Submission, textOf } from "./submission";

@customElement("password-form")
export class PasswordForm extends LitElement {
  private readonly submission = new Submission(this);

  static override styles = [
    ...shared,
    form,
    css`
      .row {
        justify-content: flex-end;
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, session);
  }

  protected override render() {
    return html`<section class="card stack">
      ${cardHead(t("password.heading"), t("password.text"))}
      <form class="form" @submit=${this.submit}>
        ${this.submission.render()}
        <input type="hidden" name="username" autocomplete="username" .value=${currentUser()?.username ?? ""} />
        <div class="line hinted">
          <form-field name="old" type="password" label=${t("password.old")} fill="current-password" required></form-field>
          <form-field
            name="new"
            type="password"
            label=${t("password.new")}
            fill="new-password"
            hint=${t("login.passwordHint")}
            required
          ></form-field>
        </div>
        ${currentUser()?.has_second_factor ? html`<code-field></code-field>` : nothing}
        <div class="row"><button class="button primary" aria-disabled=${this.submission.isBusy}>${t("password.change")}</button></div>
      </form>
    </section>`;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    const target = event.target as HTMLFormElement;
    const data = read(event);
    const change = {
      old_password: textOf(data, "old"),
      new_password: textOf(data, "new"),
      totp: textOf(data, "totp") || null,
    };
    if (!(await this.submission.run(() => this.change(change)))) return;
    target.reset();
    toast(t("password.changed"));
    this.dispatchEvent(new CustomEvent("password-changed"));
  }

  private async change(change: PasswordChange): Promise<void> {
    try {
      await enter(await changePassword(change));
    } catch (error) {
      // It was turned on elsewhere: with the session, the field for the code comes.
      if (hasCode(error, "totp_required")) await loadSession();
      throw error;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "password-form": PasswordForm;
  }
}
