/** Links by which people make their own account: shown once, good for one person, withdrawn at any time. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { addInvite, deleteInvite, listInvites } from "../api/people";
import { addressOf } from "../api/plugin-client";
import type { Invite } from "../api/types";
import { formatAgo, formatDate, formatMoment } from "../shell/format";
import { t } from "../shell/i18n";
import { loadSession, session } from "../shell/session";
import { Watch } from "../shell/store";
import { attempt, toast } from "../shell/toasts";
import { form } from "../styles/form";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { cardHead } from "./card-head";
import { icon } from "./icons";
import "./shown-once";
import { read } from "./submission";

const DAYS = [1, 7, 30, 90];

@customElement("admin-invites")
export class AdminInvites extends LitElement {
  @state() private invites: readonly Invite[] = [];
  @state() private link = "";

  static override styles = [
    ...shared,
    form,
    lines,
    css`
      .choice {
        flex: 0 1 180px;
      }
      .note {
        display: flex;
        gap: var(--space-3);
      }
      .note svg {
        flex: none;
        color: var(--accent);
      }
      .lines > li:last-child {
        padding-block-end: 0;
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // The setting may have been changed a moment ago.
    void attempt(loadSession);
    void attempt(() => this.load());
  }

  protected override render() {
    const registration = session.value?.registration ?? "closed";
    return html`<section class="card stack">
      ${cardHead(t("invites.heading"), t("invites.text"))}
      ${registration === "invite"
        ? nothing
        : html`<p class="note">
            ${icon("warning", 22)}<span>${t("invites.needSetting", { setting: "auth.registration", value: registration })}</span>
          </p>`}
      ${this.link
        ? html`<shown-once
            text=${t("invites.once")}
            secret=${this.link}
            copied=${t("invites.copied")}
            @kept=${this.kept}
          ></shown-once>`
        : this.renderForm()}
      ${this.invites.length > 0
        ? html`<ul class="lines" role="list" aria-label=${t("invites.heading")}>
            ${this.invites.map((invite) => html`<li>${this.renderInvite(invite)}</li>`)}
          </ul>`
        : nothing}
    </section>`;
  }

  private renderForm() {
    return html`<form class="line" @submit=${this.submit}>
      <label class="choice">
        <span class="label">${t("tokens.expires")}</span>
        <select name="days">
          ${DAYS.map((days) => html`<option value=${days} ?selected=${days === 7}>${t("tokens.days", { count: days })}</option>`)}
        </select>
      </label>
      <button class="button primary">${t("invites.create")}</button>
    </form>`;
  }

  private renderInvite(invite: Invite) {
    const when = formatMoment(invite.created_at);
    const label = t("invites.withdraw", { when });
    return html`<div class="words">
        <div class="name">
          <h3>${t("invites.made", { when })}</h3>
          ${invite.used_at ? html`<span class="badge good">${t("invites.used", { when: formatAgo(invite.used_at) })}</span>` : nothing}
        </div>
        <p class="soft small">${t("tokens.until", { date: formatDate(invite.expires_at) })}</p>
      </div>
      <button class="icon-button" aria-label=${label} title=${label} @click=${() => this.withdraw(invite)}>
        ${icon("trash", 20)}
      </button>`;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    const days = Number(read(event).get("days"));
    await attempt(async () => {
      const { code } = await addInvite(days);
      this.link = addressOf("login/", { invite: code });
      await this.load();
    });
  }

  /** What was put away had the focus: it goes on in what stands there instead. */
  private async kept(): Promise<void> {
    this.link = "";
    await this.updateComplete;
    this.renderRoot.querySelector("select")?.focus();
  }

  private async withdraw(invite: Invite): Promise<void> {
    if (await attempt(() => deleteInvite(invite.id))) toast(t("invites.withdrawn"));
    await attempt(() => this.load());
  }

  private async load(): Promise<void> {
    this.invites = (await listInvites()).results;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-invites": AdminInvites;
  }
}
