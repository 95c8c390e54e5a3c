/** One's own tokens, for other programs: made with chosen rights, shown once, taken back at any time. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { addToken, deleteToken, listTokens } from "../api/account";
import type { NewToken, Scope, Token } from "../api/types";
import { formatAgo, formatDate } from "../shell/format";
import { t, tryT } from "../shell/i18n";
import { currentUser } from "../shell/session";
import { attempt } from "../shell/toasts";
import { form } from "../styles/form";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { cardHead } from "./card-head";
import { confirm } from "./confirm-dialog";
import "./form-field";
import { HeldFocus } from "./held-focus";
import { icon } from "./icons";
import "./shown-once";
import { read, Submission, textOf } from "./submission";
import { WhenOnline } from "./when-online";

const SCOPES: readonly Scope[] = ["read", "play", "write", "download", "admin"];
const DAYS = [30, 90, 365];

@customElement("token-list")
export class TokenList extends LitElement {
  @state() private tokens: readonly Token[] | null = null;
  @state() private made: NewToken | null = null;

  private readonly submission = new Submission(this);

  static override styles = [
    ...shared,
    form,
    lines,
    css`
      .scopes {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(260px, 100%), 1fr));
        gap: var(--space-2) var(--space-5);
        margin-block-start: var(--space-1);
      }
      legend {
        padding: 0;
      }
      .lines > li:first-child {
        border-block-start: 1px solid var(--line);
      }
      .lines > li:last-child {
        padding-block-end: 0;
      }
      .words h3 {
        overflow-wrap: anywhere;
      }
    `,
  ];

  constructor() {
    super();
    new WhenOnline(this, () => this.load());
    new HeldFocus(this);
  }

  protected override render() {
    return html`<section class="card stack">
      ${cardHead(t("tokens.heading"), t("tokens.text"))}
      ${this.made ? this.renderMade(this.made) : this.renderForm()}
      ${this.tokens?.length
        ? html`<ul class="lines" role="list" aria-label=${t("tokens.heading")}>
            ${this.tokens.map((token) => html`<li>${this.renderToken(token)}</li>`)}
          </ul>`
        : nothing}
    </section>`;
  }

  private renderForm() {
    const scopes = SCOPES.filter((scope) => scope !== "admin" || currentUser()?.is_admin);
    return html`<form class="form" @submit=${this.submit}>
      ${this.submission.render()}
      <fieldset>
        <legend class="label">${t("tokens.scopes")}</legend>
        <div class="scopes">
          ${scopes.map(
            (scope) => html`<label class="check told">
              <input type="checkbox" name="scope" value=${scope} ?checked=${scope === "read"} />
              <span><b>${t(`tokens.scope.${scope}`)}</b><span class="soft small">${t(`tokens.may.${scope}`)}</span></span>
            </label>`,
          )}
        </div>
      </fieldset>
      <div class="line">
        <form-field name="name" label=${t("tokens.name")} placeholder=${t("tokens.namePlaceholder")} required maxlength="100"></form-field>
        <label class="choice">
          <span class="label">${t("tokens.expires")}</span>
          <select name="days">
            ${DAYS.map((days) => html`<option value=${days} ?selected=${days === 90}>${t("tokens.days", { count: days })}</option>`)}
          </select>
        </label>
        <button class="button primary" aria-disabled=${this.submission.isBusy}>${t("tokens.create")}</button>
      </div>
    </form>`;
  }

  private renderMade(made: NewToken) {
    return html`<shown-once
      text=${t("tokens.once", { name: made.name })}
      secret=${made.token}
      copied=${t("tokens.copied")}
      @kept=${this.kept}
    ></shown-once>`;
  }

  private renderToken(token: Token) {
    const label = t("tokens.revoke", { name: token.name });
    return html`<div class="words">
        <div class="name">
          <h3>${token.name}</h3>
          ${token.scopes.map(
            (scope) => html`<span class="badge" title=${tryT(`tokens.may.${scope}`, "")}>${tryT(`tokens.scope.${scope}`, scope)}</span>`,
          )}
        </div>
        <p class="soft small">
          ${token.expires_at ? t("tokens.until", { date: formatDate(token.expires_at) }) : t("tokens.noEnd")} ·
          ${token.last_used_at ? t("tokens.used", { when: formatAgo(token.last_used_at) }) : t("tokens.unused")}
        </p>
      </div>
      <button class="icon-button" aria-label=${label} title=${label} @click=${() => this.revoke(token)}>
        ${icon("trash", 20)}
      </button>`;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    const data = read(event);
    const scopes = data.getAll("scope") as Scope[];
    if (scopes.length === 0) return this.submission.say(t("tokens.needScope"));
    const wish = { name: textOf(data, "name").trim(), scopes, expires_in_days: Number(data.get("days")) };
    await this.submission.run(async () => (this.made = await addToken(wish)));
    await this.load();
  }

  /** What was put away had the focus: it goes on in what stands there instead. */
  private async kept(): Promise<void> {
    this.made = null;
    await this.updateComplete;
    this.renderRoot.querySelector("input")?.focus();
  }

  private async revoke(token: Token): Promise<void> {
    const isSure = await confirm({
      title: t("tokens.revokeTitle", { name: token.name }),
      text: t("tokens.revokeText"),
      action: t("tokens.revokeAction"),
      isDanger: true,
    });
    if (isSure && (await attempt(() => deleteToken(token.id)))) await this.load();
  }

  async load(): Promise<void> {
    await attempt(async () => {
      this.tokens = (await listTokens()).results;
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "token-list": TokenList;
  }
}
