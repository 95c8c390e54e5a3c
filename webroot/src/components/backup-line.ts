/** One backup: when and why it was made, what it holds, whether it is good; and what can be done with it. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { deleteBackup, downloadBackup, verifyBackup } from "../api/backups";
import type { Backup } from "../api/types";
import { t } from "../shell/i18n";
import { attempt, toast } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import "./action-menu";
import type { MenuAction } from "./action-menu";
import { factsOf, isWhole, LOOKS, nameOf } from "./backup-words";
import { confirm } from "./confirm-dialog";
import { icon } from "./icons";
import "./progress-bar";
import { askRestore } from "./restore-dialog";

@customElement("backup-line")
export class BackupLine extends LitElement {
  @property({ attribute: false }) backup!: Backup;

  static override styles = [
    ...shared,
    lines,
    css`
      article {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: start;
        gap: var(--space-1) var(--space-3);
        padding-block: var(--space-3);
      }
      .buttons {
        display: flex;
        align-items: center;
      }
      .wide {
        grid-column: 1 / -1;
      }
      p {
        overflow-wrap: anywhere;
      }
    `,
  ];

  protected override render() {
    const { backup } = this;
    const { media, sentence, state, why } = backup;
    const isBad = state === "damaged" || state === "failed";
    return html`<article aria-label=${nameOf(backup)}>
      <div class="words">
        <div class="name">
          <h3>${nameOf(backup)}</h3>
          <span class="badge ${LOOKS[state]}">${t(`backups.state.${state}`)}</span>
          <span class="badge">${t(`backups.why.${why}`)}</span>
        </div>
        <p class="soft small numbers">${factsOf(backup)}</p>
      </div>
      <div class="buttons">${isWhole(backup) ? this.renderButtons() : nothing}</div>
      ${state === "running" ? html`<progress-bar class="wide" .value=${null} label=${t("backups.state.running")}></progress-bar>` : nothing}
      ${sentence && state !== "verified" ? html`<p class="small wide ${isBad ? "error" : "soft"}">${sentence}</p>` : nothing}
      ${media?.sentence ? html`<p class="small soft wide">${media.sentence}</p>` : nothing}
    </article>`;
  }

  private renderButtons() {
    const label = t("backups.download", { name: nameOf(this.backup) });
    return html`<button class="icon-button" aria-label=${label} title=${label} @click=${this.download}>${icon("download", 20)}</button>
      <action-menu label=${t("backups.menu", { name: nameOf(this.backup) })} .actions=${() => this.actions()}></action-menu>`;
  }

  private actions(): MenuAction[] {
    const restore: MenuAction = { label: t("restore.menu"), icon: "retry", run: () => void this.restore() };
    return [
      ...(this.backup.state === "damaged" ? [] : [restore]),
      { label: t("backups.verify"), icon: "check", run: () => void this.verify() },
      { label: t("action.delete"), icon: "trash", isDanger: true, run: () => void this.delete() },
    ];
  }

  private async download(): Promise<void> {
    await attempt(() => downloadBackup(this.backup.id));
  }

  private async verify(): Promise<void> {
    if (await attempt(() => verifyBackup(this.backup.id))) toast(t("backups.verifying"));
    this.tell("backups-changed");
  }

  private async restore(): Promise<void> {
    if (await askRestore(this.backup)) this.tell("restore-begun");
  }

  private async delete(): Promise<void> {
    const isSure = await confirm({
      title: t("backups.deleteTitle", { name: nameOf(this.backup) }),
      text: t("backups.deleteText"),
      action: t("action.delete"),
      isDanger: true,
    });
    if (isSure && (await attempt(() => deleteBackup(this.backup.id)))) toast(t("backups.deleted"));
    this.tell("backups-changed");
  }

  private tell(name: string): void {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "backup-line": BackupLine;
  }
}
