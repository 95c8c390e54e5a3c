/** One's own library as a file: to keep, or to take to another server. */
import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";

import { t } from "../shell/i18n";
import { href } from "../shell/router";
import { shared } from "../styles/shared";
import { icon } from "./icons";

@customElement("export-card")
export class ExportCard extends LitElement {
  static override styles = [
    ...shared,
    css`
      :host {
        display: grid;
      }
    `,
  ];

  protected override render() {
    return html`<section class="card stack">
      <h2>${t("export.own")}</h2>
      <p class="soft">${t("export.ownWhat")}</p>
      <div class="row">
        <a class="button with-icon" href=${href("/api/user/export/")} download>${icon("download", 20)}${t("export.do")}</a>
      </div>
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "export-card": ExportCard;
  }
}
