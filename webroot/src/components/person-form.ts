/** An account for somebody else, made by an administrator. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { addPerson } from "../api/people";
import { explain, t } from "../shell/i18n";
import { toast } from "../shell/toasts";
import { form } from "../styles/form";
import { shared } from "../styles/shared";
import "./form-field";
import { icon } from "./icons";

@customElement("person-form")
export class PersonForm extends LitElement {
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
        justify-content: space-between;
      }
    `,
  ];

  protected override render() {
    return html`<section class="card">
      <h2>${t("people.add")}</h2>
      <form class="form" @submit=${this.submit}>
        ${this.error ? html`<p class="form-error" role="alert">${icon("warning", 20)}${this.error}</p>` : nothing}
        <div class="line">
          <form-field name="username" label=${t("login.username")} required maxlength="64"></form-field>
          <form-field
            name="password"
            type="password"
            label=${t("login.password")}
            fill="new-password"
            hint=${t("people.passwordHint")}
            required
          ></form-field>
        </div>
        <div class="row">
          <label class="check"><input type="checkbox" name="is_admin" />${t("account.admin")}</label>
          <button class="button primary" ?disabled=${this.isBusy}>${t("people.create")}</button>
        </div>
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
      const username = String(data.get("username"));
      const person = await addPerson({ username, password: String(data.get("password")), is_admin: data.has("is_admin") });
      target.reset();
      toast(t("people.added", { name: person.username }));
      this.dispatchEvent(new CustomEvent("person-added"));
    } catch (error) {
      this.error = explain(error);
    }
    this.isBusy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "person-form": PersonForm;
  }
}
