/** A new password for oneself. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { changePassword } from "../api/account";
import { explain, t } from "../shell/i18n";
import { currentUser, enter } from "../shell/session";
import { toast } from "../shell/toasts";
import { form } from "../styles/form";
import { shared } from "../styles/shared";
import "./form-field";
import { icon } from "./icons";

@customElement("password-form")
export class PasswordForm extends LitElement {
  @state() private error = "";
  @state() private isBusy = false;

  static override styles = [
    ...shared,
    form,
    css`
      .card {
        display: grid;
        gap: var(--space-4);
      }
      .line {
        align-items: start;
      }
      .row {
        justify-content: flex-end;
      }
    `,
  ];

  protected override render() {
    return html`<section class="card">
      <div>
        <h2>${t("password.heading")}</h2>
        <p class="soft small">${t("password.text")}</p>
      </div>
      <form class="form" @submit=${this.submit}>
        ${this.error ? html`<p class="form-error" role="alert">${icon("warning", 20)}${this.error}</p>` : nothing}
        <input type="hidden" name="username" autocomplete="username" .value=${currentUser()?.username ?? ""} />
        <div class="line">
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
        <div class="row"><button class="button primary" ?disabled=${this.isBusy}>${t("password.change")}</button></div>
      </form>
    </section>`;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const target = event.target as HTMLFormElement;
    const data = new FormData(target);
    this.isBusy = true;
    this.error = "";
    try {
      await enter(await changePassword(String(data.get("old")), String(data.get("new"))));
      target.reset();
      toast(t("password.changed"));
      this.dispatchEvent(new CustomEvent("password-changed"));
    } catch (error) {
      this.error = explain(error);
    }
    this.isBusy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "password-form": PasswordForm;
  }
}
