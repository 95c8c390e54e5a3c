/** Oneself: look, language, sign out, tokens, and what this browser can do. */
import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";

import "../components/device-list";
import { icon } from "../components/icons";
import "../components/password-form";
import "../components/plugin-slot";
import "../components/token-list";
import { forgetQueue } from "../player/memory";
import { chooseLanguage, language, LANGUAGES, t } from "../shell/i18n";
import { formatDate } from "../shell/format";
import { href, navigate } from "../shell/router";
import { leave, session } from "../shell/session";
import { Watch } from "../shell/store";
import { chooseTheme, theme, THEMES } from "../shell/theme";
import { attempt } from "../shell/toasts";
import { canWorkOffline } from "../shell/worker";
import { shared } from "../styles/shared";

@customElement("account-page")
export class AccountPage extends LitElement {
  static override styles = [
    ...shared,
    css`
      .me {
        display: flex;
        align-items: center;
        flex-wrap: wrap;
        gap: var(--space-4);
      }
      .initial {
        display: grid;
        place-items: center;
        inline-size: 64px;
        block-size: 64px;
        border-radius: 50%;
        background: var(--accent-soft);
        color: var(--accent);
        font-size: var(--text-5);
        font-weight: 700;
      }
      .me .words {
        flex: 1;
        min-inline-size: 140px;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr));
        gap: var(--space-4);
      }
      .pair .card {
        display: grid;
        align-content: start;
        gap: var(--space-3);
      }
      .segments {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
      }
      .note {
        display: flex;
        gap: var(--space-3);
        align-items: start;
      }
      .note svg {
        flex: none;
        color: var(--accent);
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, session, theme);
  }

  protected override render() {
    const user = session.value?.user;
    if (!user) return "";
    return html`<div class="page">
      <header class="page-head"><h1>${t("page.account-page")}</h1></header>
      <section class="card me">
        <span class="initial" aria-hidden="true">${[...user.username][0]?.toLocaleUpperCase(language)}</span>
        <div class="words">
          <h2>${user.username}</h2>
          <p class="soft small">
            ${user.is_admin ? t("account.admin") : t("account.user")} · ${t("account.since", { date: formatDate(user.created_at) })}
          </p>
        </div>
        <button class="button with-icon" @click=${this.signOut}>${icon("logout", 20)}${t("account.signOut")}</button>
      </section>
      <div class="pair">${this.renderLook()} ${this.renderOffline()}</div>
      <password-form @password-changed=${this.reload}></password-form>
      <device-list></device-list>
      <token-list></token-list>
      <plugin-slot place="settings"></plugin-slot>
      <p class="soft small">
        SoundWave ${session.value?.version} · <a href=${href("/api/docs/")}>${t("account.docs")}</a>
      </p>
    </div>`;
  }

  private renderLook() {
    return html`<section class="card">
      <h2>${t("account.look")}</h2>
      <div class="segments" role="group" aria-label=${t("account.theme")}>
        ${THEMES.map(
          (name) => html`<button class="chip" aria-pressed=${theme.value === name} @click=${() => chooseTheme(name)}>
            ${t(`account.theme.${name}`)}
          </button>`,
        )}
      </div>
      <div class="segments" role="group" aria-label=${t("account.language")}>
        ${Object.entries(LANGUAGES).map(
          ([code, name]) => html`<button
            class="chip"
            lang=${code}
            aria-pressed=${language === code}
            @click=${() => this.speak(code)}
          >
            ${name}
          </button>`,
        )}
      </div>
    </section>`;
  }

  private renderOffline() {
    return html`<section class="card">
      <h2>${t("account.offline")}</h2>
      <p class="note">
        ${icon(canWorkOffline ? "check" : "warning", 22)}
        <span>${canWorkOffline ? t("account.offlineYes") : t("account.offlineNo")}</span>
      </p>
    </section>`;
  }

  /** A new password ended the other sessions and the tokens. */
  private reload(): void {
    void this.renderRoot.querySelector("device-list")?.load();
    void this.renderRoot.querySelector("token-list")?.load();
  }

  private async signOut(): Promise<void> {
    const id = session.value?.user?.id;
    if (!(await attempt(leave)) || !id) return;
    forgetQueue(id);
    navigate("/login/", { replace: true });
  }

  private speak(code: string): void {
    if (code === language) return;
    chooseLanguage(code);
    location.reload();
  }
}
