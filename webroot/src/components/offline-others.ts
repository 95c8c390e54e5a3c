/** Who else left something on this device, and a way to take it away: it cannot be looked into. */
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { findTraces, type Trace } from "../offline/wipe";
import { wipeHere } from "../shell/departure";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { currentUser } from "../shell/session";
import { attempt, toast } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { cardHead } from "./card-head";
import { confirm } from "./confirm-dialog";
import { HeldFocus } from "./held-focus";
import { icon } from "./icons";

@customElement("offline-others")
export class OfflineOthers extends LitElement {
  @state() private traces: readonly Trace[] = [];

  static override styles = [...shared, lines];

  constructor() {
    super();
    new HeldFocus(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.look();
  }

  protected override render() {
    if (this.traces.length === 0) return nothing;
    return html`<section class="card stack">
      ${cardHead(t("others.heading"), t("others.text"))}
      <ul class="lines" role="list">
        ${this.traces.map(
          (trace) => html`<li>
            <span class="numbers">${t("others.line", { size: formatBytes(trace.storedBytes) })}</span>
            <button class="button with-icon" @click=${() => this.remove_(trace)}>${icon("trash", 20)}${t("others.remove")}</button>
          </li>`,
        )}
      </ul>
    </section>`;
  }

  private async look(): Promise<void> {
    const base = new URL(document.baseURI).pathname;
    this.traces = await findTraces(base, currentUser()?.id ?? null, "caches" in window ? caches : undefined).catch(() => []);
  }

  private async remove_({ user, storedBytes }: Trace): Promise<void> {
    const isSure = await confirm({
      title: t("others.title"),
      text: t("others.warning", { size: formatBytes(storedBytes) }),
      action: t("others.remove"),
      isDanger: true,
    });
    if (isSure && (await attempt(() => wipeHere(user)))) toast(t("others.removed"));
    if (isSure) await this.look();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "offline-others": OfflineOthers;
  }
}
