/** Oneself: room, look, what this browser can do, and all by which one comes in. */
import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";

import { getAccount } from "../api/account";
import { getUsage } from "../api/library";
import type { Usage } from "../api/types";
import "../components/avatar-menu";
import "../components/connection-card";
import "../components/device-list";
import "../components/export-card";
import { icon } from "../components/icons";
import "../components/look-card";
import "../components/password-form";
import "../components/plugin-slot";
import "../components/quota-bar";
import "../components/second-factor-card";
import { signOut } from "../components/sign-out-dialog";
import "../components/token-list";
import { t } from "../shell/i18n";
import { formatDate } from "../shell/format";
import { href } from "../shell/router";
import { session } from "../shell/session";
import { Watch } from "../shell/store";
import { shared } from "../styles/shared";

@customElement("account-page")
export class AccountPage extends LitElement {
  @state() private usage: Usage | null = null;
  @state() private quota: number | null = null;

  static override styles = [
    ...shared,
    css`
      .me {
        display: flex;
        align-items: center;
        flex-wrap: wrap;
        gap: var(--space-4);
      }
      .me .words {
        flex: 1;
        min-inline-size: 140px;
      }
      .me quota-bar {
        max-inline-size: 360px;
        margin-block-start: 2px;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr));
        gap: var(--space-4);
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // How much room is taken is good to know, and nothing depends on it.
    void this.load().catch(() => undefined);
  }

  protected override render() {
    const user = session.value?.user;
    if (!user) return "";
    return html`<div class="page">
      <header class="page-head"><h1>${t("page.account-page")}</h1></header>
      <section class="card me">
        <avatar-menu .user=${user}></avatar-menu>
        <div class="words">
          <h2>${user.username}</h2>
          <p class="soft small">
            ${user.is_admin ? t("account.admin") : t("account.user")} · ${t("account.since", { date: formatDate(user.created_at) })}
          </p>
          <quota-bar .usage=${this.usage} .quota=${this.quota}></quota-bar>
        </div>
        <button class="button with-icon" @click=${() => signOut(user.id)}>${icon("logout", 20)}${t("account.signOut")}</button>
      </section>
      <div class="pair"><look-card></look-card><connection-card></connection-card></div>
      <password-form @password-changed=${this.reload}></password-form>
      <second-factor-card></second-factor-card>
      <device-list></device-list>
      <token-list></token-list>
      <export-card></export-card>
      <plugin-slot place="settings"></plugin-slot>
      <p class="soft small">
        SoundWave ${session.value?.version} · <a href=${href("/api/docs/")}>${t("account.docs")}</a>
      </p>
    </div>`;
  }

  /** A new password ended the other sessions and the tokens. */
  private reload(): void {
    void this.renderRoot.querySelector("device-list")?.load();
    void this.renderRoot.querySelector("token-list")?.load();
  }

  private async load(): Promise<void> {
    const [account, usage] = await Promise.all([getAccount(), getUsage()]);
    this.quota = account.quota_bytes;
    this.usage = usage;
  }
}
