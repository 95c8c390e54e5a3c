/** An account for somebody else, made by an administrator. */
import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";

import { addPerson } from "../api/people";
import { t } from "../shell/i18n";
import { toast } from "../shell/toasts";
import { form } from "../styles/form";
import { shared } from "../styles/shared";
import "./form-field";
import "./quota-field";
import { quotaIn } from "./quota-field";
import { read, Submission, textOf } from "./submission";

@customElement("person-form")
export class PersonForm extends LitElement {
  private readonly submission = new Submission(this);

  static override styles = [
    ...shared,
    form,
    css`
      .row {
        justify-content: space-between;
      }
    `,
  ];

  protected override render() {
    return html`<section class="card stack">
      <h2>${t("people.add")}</h2>
      <form class="form" @submit=${this.submit}>
        ${this.submission.render()}
        <div class="line hinted">
          <form-field name="username" label=${t("login.username")} required maxlength="64"></form-field>
          <form-field
            name="password"
            type="password"
            label=${t("login.password")}
            fill="new-password"
            hint=${t("people.passwordHint")}
            required
          ></form-field>
          <quota-field></quota-field>
        </div>
        <div class="row">
          <label class="check"><input type="checkbox" name="is_admin" />${t("account.admin")}</label>
          <button class="button primary" aria-disabled=${this.submission.isBusy}>${t("people.create")}</button>
        </div>
      </form>
    </section>`;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    const target = event.target as HTMLFormElement;
    const data = read(event);
    const username = textOf(data, "username");
    const wish = {
      username,
      password: textOf(data, "password"),
      is_admin: data.has("is_admin"),
      quota_bytes: quotaIn(data),
    };
    if (!(await this.submission.run(() => addPerson(wish)))) return;
    target.reset();
    toast(t("people.added", { name: username }));
    this.dispatchEvent(new CustomEvent("person-added"));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "person-form": PersonForm;
  }
}
