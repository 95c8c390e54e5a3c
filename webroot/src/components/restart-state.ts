/** While the server goes back to a backup: it prepares, it restarts, and then everybody signs in anew. */
import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";

import { getRestore } from "../api/backups";
import { ApiError } from "../api/errors";
import { ping } from "../api/system";
import { t } from "../shell/i18n";
import { Poll } from "../shell/poll";
import { shared } from "../styles/shared";
import { logo } from "./icons";
import "./progress-bar";

const EVERY_MS = 1_000;

@customElement("restart-state")
export class RestartState extends LitElement {
  @state() private isRestarting = false;
  protected readonly poll = new Poll(this, EVERY_MS, () => this.look());

  static override styles = [
    ...shared,
    css`
      section {
        display: grid;
        justify-items: center;
        gap: var(--space-4);
        padding-block: var(--space-12);
        text-align: center;
      }
      p {
        max-inline-size: 52ch;
        text-wrap: pretty;
      }
      progress-bar {
        inline-size: min(320px, 100%);
      }
    `,
  ];

  protected override render() {
    const title = t(this.isRestarting ? "restart.title" : "restart.preparing");
    return html`<section class="card" role="status">
      ${logo(56)}
      <h2 tabindex="-1">${title}</h2>
      <progress-bar .value=${null} label=${title}></progress-bar>
      <p class="soft">${t(this.isRestarting ? "restart.text" : "restart.preparingText")}</p>
    </section>`;
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("h2")?.focus();
  }

  /** Once the server is gone, the first ping is answered by the new one. It knows no session any more: that ends the page. */
  private async look(): Promise<void> {
    try {
      if (this.isRestarting) await ping();
      const restore = await getRestore();
      if (restore.state === "failed" || restore.state === "none") this.end();
      else this.isRestarting = restore.state === "restarting";
    } catch (error) {
      if (error instanceof ApiError && error.isUnreachable) this.isRestarting = true;
    }
  }

  private end(): void {
    this.dispatchEvent(new CustomEvent("restore-ended"));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "restart-state": RestartState;
  }
}
