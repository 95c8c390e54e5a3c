/** The door: sign in, with a second factor where there is one, or register where the server lets people in. */
import { html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import { register, signIn } from "../api/account";
import { hasCode } from "../api/errors";
import "../components/code-field";
import type { CodeField } from "../components/code-field";
import "../components/form-field";
import { logo } from "../components/icons";
import { read, Submission, textOf } from "../components/submission";
import { t } from "../shell/i18n";
import { router } from "../shell/router";
import { enter, session } from "../shell/session";
import { door } from "../styles/door";
import { shared } from "../styles/shared";

@customElement("login-page")
export class LoginPage extends LitElement {
  @state() private isNew = router.value.query.has("invite");
  /** The password was right; whose it is. */
  @state() private provenName: string | null = null;
  @query("code-field") private codeField!: CodeField | null;

  private readonly submission = new Submission(this);

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
          ${this.submission.render()} ${this.renderPassword(isNew)}
          ${isNew ? this.renderInvite(registration === "invite") : nothing}
          ${this.provenName === null ? nothing : this.renderCode(this.provenName)}
          <button class="button primary" aria-disabled=${this.submission.isBusy}>
            ${isNew ? t("login.register") : t("login.signIn")}
          </button>
          ${this.renderOther(isNew, registration !== "closed")}
        </form>
      </div>
    `;
  }

  /** While the code is asked for it is out of sight, and still what is sent. */
  private renderPassword(isNew: boolean) {
    const isHidden = this.provenName !== null;
    return html`<form-field
        name="username"
        label=${t("login.username")}
        fill="username"
        required
        maxlength="64"
        ?hidden=${isHidden}
      ></form-field>
      <form-field
        name="password"
        type="password"
        label=${t("login.password")}
        fill=${isNew ? "new-password" : "current-password"}
        hint=${isNew ? t("login.passwordHint") : ""}
        required
        ?hidden=${isHidden}
      ></form-field>
      ${isNew
        ? nothing
        : html`<label class="check" ?hidden=${isHidden}>
            <input type="checkbox" name="remember" checked />${t("login.remember")}
          </label>`}`;
  }

  private renderCode(name: string) {
    return html`<p class="soft">${t("login.codeText", { name })}</p>
      <code-field></code-field>`;
  }

  private renderInvite(isNeeded: boolean) {
    if (!isNeeded) return nothing;
    const code = router.value.query.get("invite") ?? "";
    return html`<form-field name="invite_code" label=${t("login.invite")} .value=${code} required></form-field>`;
  }

  private renderOther(isNew: boolean, canRegister: boolean) {
    if (this.provenName !== null) {
      return html`<button class="button quiet" type="button" @click=${this.back}>${t("login.back")}</button>`;
    }
    if (!canRegister) return nothing;
    return html`<button class="button quiet" type="button" @click=${this.turn}>
      ${isNew ? t("login.haveAccount") : t("login.noAccount")}
    </button>`;
  }

  private turn(): void {
    this.isNew = !this.isNew;
    this.submission.say("");
  }

  private async back(): Promise<void> {
    this.provenName = null;
    this.submission.say("");
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("form-field[name=password]")?.focus();
  }

  private async signIn(event: SubmitEvent): Promise<void> {
    const data = read(event);
    const username = textOf(data, "username");
    const totp = this.provenName === null ? null : textOf(data, "totp");
    const credentials = { username, password: textOf(data, "password"), totp, remember: data.has("remember") };
    await this.submission.run(async () => {
      try {
        await enter(await signIn(credentials));
      } catch (error) {
        if (hasCode(error, "totp_required")) this.provenName = username;
        else throw error;
      }
    });
    await this.updateComplete;
    this.codeField?.clear();
    this.codeField?.focus();
  }

  private register(event: SubmitEvent): void {
    const data = read(event);
    const wish = { username: textOf(data, "username"), password: textOf(data, "password") };
    const invite = textOf(data, "invite_code");
    void this.submission.run(async () => enter(await register(invite ? { ...wish, invite_code: invite } : wish)));
  }
}
