/** The door: sign in, or register where the server lets people in. */
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { register, signIn } from "../api/account";
import "../components/form-field";
import { icon, logo } from "../components/icons";
import { explain, t } from "../shell/i18n";
import { router } from "../shell/router";
import { enter, session } from "../shell/session";
import { door } from "../styles/door";
import { shared } from "../styles/shared";

@customElement("login-page")
export class LoginPage extends LitElement {
  @state() private error = "";
  @state() private isBusy = false;
  @state() private isNew = router.value.query.has("invite");

  static override styles = [...shared, door];

  protected override render() {
    const registration = session.value?.registration ?? "closed";
    const isNew = this.isNew && registration !== "closed";
    return html`
      <div class="brand">
        ${logo(64)}
        <h1>SoundWave</h1>
      </div>
      <div class="card">
        <form class="form" @submit=${isNew ? this.register : this.signIn}>
          <h2>${isNew ? t("login.registerTitle") : t("login.title")}</h2>
          ${this.error ? html`<p class="form-error" role="alert">${icon("warning", 20)}${this.error}</p>` : nothing}
          <form-field name="username" label=${t("login.username")} fill="username" required maxlength="64"></form-field>
          <form-field
            name="password"
            type="password"
            label=${t("login.password")}
            fill=${isNew ? "new-password" : "current-password"}
            hint=${isNew ? t("login.passwordHint") : ""}
            required
          ></form-field>
          ${isNew ? this.renderInvite(registration === "invite") : this.renderRemember()}
          <button class="button primary" ?disabled=${this.isBusy}>
            ${isNew ? t("login.register") : t("login.signIn")}
          </button>
          ${registration === "closed"
            ? nothing
            : html`<button class="button quiet" type="button" @click=${this.turn}>
                ${isNew ? t("login.haveAccount") : t("login.noAccount")}
              </button>`}
        </form>
      </div>
    `;
  }

  private renderRemember() {
    return html`<label class="check"><input type="checkbox" name="remember" checked />${t("login.remember")}</label>`;
  }

  private renderInvite(isNeeded: boolean) {
    if (!isNeeded) return nothing;
    const code = router.value.query.get("invite") ?? "";
    return html`<form-field name="invite_code" label=${t("login.invite")} .value=${code} required></form-field>`;
  }

  private turn(): void {
    this.isNew = !this.isNew;
    this.error = "";
  }

  private signIn(event: SubmitEvent): void {
    const form = this.read(event);
    void this.go(() => signIn(form("username"), form("password"), form("remember") === "on"));
  }

  private register(event: SubmitEvent): void {
    const form = this.read(event);
    const invite = form("invite_code");
    const wish = { username: form("username"), password: form("password") };
    void this.go(() => register(invite ? { ...wish, invite_code: invite } : wish));
  }

  private read(event: SubmitEvent): (name: string) => string {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    return (name) => String(data.get(name) ?? "");
  }

  private async go(ask: () => ReturnType<typeof signIn>): Promise<void> {
    this.isBusy = true;
    this.error = "";
    try {
      await enter(await ask());
    } catch (error) {
      this.error = explain(error);
    }
    this.isBusy = false;
  }
}
