/** What this browser can do over the connection it has: everything over https, less over plain http. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { t } from "../shell/i18n";
import { currentUser, session } from "../shell/session";
import { Watch } from "../shell/store";
import { canWorkOffline } from "../shell/worker";
import { shared } from "../styles/shared";
import { icon } from "./icons";

const LACKS = ["offline", "install", "storage", "secret"] as const;

@customElement("connection-card")
export class ConnectionCard extends LitElement {
  /** Inside something that has a frame and a heading. */
  @property({ type: Boolean }) bare = false;

  static override styles = [
    ...shared,
    css`
      :host {
        display: grid;
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
      ul {
        display: grid;
        gap: var(--space-1);
        padding-inline-start: calc(22px + var(--space-3));
      }
      li {
        list-style: disc;
        margin-inline-start: var(--space-4);
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, session);
  }

  protected override render() {
    const isSecure = canWorkOffline && (session.value?.is_secure ?? false);
    return html`<section class=${this.bare ? "stack" : "card stack"}>
      ${this.bare ? nothing : html`<h2>${t("account.offline")}</h2>`}
      ${isSecure ? this.renderNote("check", t("account.offlineYes")) : this.renderLacks()}
    </section>`;
  }

  private renderLacks() {
    return html`${this.renderNote("warning", t("plain.text"))}
      <ul>
        ${LACKS.map((what) => html`<li>${t(`plain.${what}`)}</li>`)}
      </ul>
      <p class="soft small">${t(currentUser()?.is_admin ? "plain.recipe" : "plain.ask", { chapter: "HTTPS" })}</p>`;
  }

  private renderNote(name: "check" | "warning", text: string) {
    return html`<p class="note">${icon(name, 22)}<span>${text}</span></p>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "connection-card": ConnectionCard;
  }
}
