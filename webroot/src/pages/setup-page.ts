/** The first start: the link from the server's log makes the first admin. */
import { html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";

import { register } from "../api/account";
import "../components/empty-state";
import "../components/form-field";
import { logo } from "../components/icons";
import { read, Submission, textOf } from "../components/submission";
import { t } from "../shell/i18n";
import { href, router } from "../shell/router";
import { enter, session } from "../shell/session";
import { door } from "../styles/door";
import { shared } from "../styles/shared";

@customElement("setup-page")
export class SetupPage extends LitElement {
  private readonly submission = new Submission(this);

  static override styles = [...shared, door];

  protected override render() {
    if (!session.value?.is_setup_open) return this.renderClosed();
    return html`
      <div class="brand">
        ${logo(64)}
        <h1>${t("setup.title")}</h1>
        <p>${t("setup.text")}</p>
      </div>
      <div class="card">
        <form class="form" @submit=${this.submit}>
          ${this.submission.render()} ${this.renderCode()}
          <form-field name="username" label=${t("login.username")} fill="username" required maxlength="64"></form-field>
          <form-field
            name="password"
            type="password"
            label=${t("login.password")}
            fill="new-password"
            hint=${t("login.passwordHint")}
            required
          ></form-field>
          <button class="button primary" aria-disabled=${this.submission.isBusy}>${t("setup.action")}</button>
        </form>
      </div>
    `;
  }

  private renderCode() {
    if (router.value.query.get("code")) return nothing;
    return html`<form-field name="code" label=${t("setup.code")} hint=${t("setup.codeHint")} required></form-field>`;
  }

  private renderClosed() {
    return html`<empty-state icon="check" heading=${t("setup.done")} text=${t("setup.doneText")}>
      <a class="button primary" href=${href("/login/")}>${t("login.signIn")}</a>
    </empty-state>`;
  }

  private submit(event: SubmitEvent): void {
    const data = read(event);
    const setup_code = router.value.query.get("code") || textOf(data, "code").trim();
    const wish = { username: textOf(data, "username"), password: textOf(data, "password"), setup_code };
    void this.submission.run(async () => enter(await register(wish)));
  }
}
