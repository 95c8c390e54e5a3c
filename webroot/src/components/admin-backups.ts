/** Backups: the newest good one, all of them, and the way back. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { getRestore, listBackups, makeBackup } from "../api/backups";
import { listSettings } from "../api/system";
import type { Backup, Restore, Setting } from "../api/types";
import { formatAgo } from "../shell/format";
import { t } from "../shell/i18n";
import { Poll } from "../shell/poll";
import { href } from "../shell/router";
import { attempt, toast } from "../shell/toasts";
import { shared } from "../styles/shared";
import { verdict } from "../styles/verdict";
import "./backup-line";
import "./backup-upload";
import "./empty-state";
import { icon } from "./icons";
import "./import-report";
import "./loading-state";
import "./restart-state";
import { choiceOf } from "./setting-words";

const EVERY_MS = 2_000;
const SCHEDULE = "system.backup_schedule";

@customElement("admin-backups")
export class AdminBackups extends LitElement {
  @state() private backups: readonly Backup[] | null = null;
  @state() private restore: Restore | null = null;
  @state() private schedule: Setting | null = null;
  @state() private error: unknown = null;
  @state() private isBusy = false;
  private readonly poll = new Poll(this, EVERY_MS, () => this.look());

  static override styles = [
    ...shared,
    verdict,
    css`
      .sum {
        align-items: start;
      }
      .sum > div:last-child {
        display: grid;
        gap: var(--space-1);
        min-inline-size: 0;
      }
      .list {
        padding-block: var(--space-1);
      }
      li + li {
        border-block-start: 1px solid var(--line);
      }
      backup-upload {
        flex: 0 1 auto;
      }
      @media (max-width: 599px) {
        .row > * {
          flex: 1 1 auto;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.loadSchedule();
  }

  protected override render() {
    if (!this.backups) {
      return html`<loading-state .error=${this.error} @again=${() => this.poll.now()}></loading-state>`;
    }
    if (this.restore?.state === "preparing" || this.restore?.state === "restarting") {
      return html`<restart-state @restore-ended=${() => this.poll.now()}></restart-state>`;
    }
    return html`<div class="page" @backups-changed=${() => this.poll.now()} @restore-begun=${this.begun}>
      <section class="card stack">${this.renderSum(this.backups)} ${this.renderActions(this.backups)}</section>
      ${this.renderList(this.backups)}
      <import-report></import-report>
    </div>`;
  }

  private renderSum(backups: readonly Backup[]) {
    const newest = backups.find((backup) => backup.state === "verified");
    return html`<div class="sum" ?data-bad=${!newest}>
        <div class="disc">${icon(newest ? "check" : "warning", 28)}</div>
        <div>
          <h2>${newest ? t("backups.newest", { when: formatAgo(newest.made_at) }) : t("backups.none")}</h2>
          <p class="soft">${t("backups.text")}</p>
          <p class="small">${this.renderSchedule()}</p>
        </div>
      </div>
      ${this.restore?.state === "failed"
        ? html`<p class="form-error" role="alert">${icon("warning", 20)}<span>${t("restore.failed")} ${this.restore.sentence}</span></p>`
        : nothing}`;
  }

  private renderSchedule() {
    if (!this.schedule) return nothing;
    const { value } = this.schedule;
    const words = t("backups.schedule", { schedule: choiceOf(this.schedule, String(value)).toLowerCase() });
    return html`${words} <a href=${href("/admin/?tab=settings&find=system.backup")}>${t("backups.change")}</a>`;
  }

  private renderActions(backups: readonly Backup[]) {
    const isBusy = this.isBusy || backups.some((backup) => backup.state === "running");
    return html`<div class="row">
      <button class="button primary with-icon" aria-disabled=${isBusy} @click=${() => isBusy || this.make()}>
        ${icon("add", 20)}${t("backups.make")}
      </button>
      <backup-upload></backup-upload>
    </div>`;
  }

  private renderList(backups: readonly Backup[]) {
    if (backups.length === 0) return nothing;
    return html`<section class="stack">
      <h2>${t("backups.all")}</h2>
      <ul class="card list" role="list" aria-label=${t("backups.all")}>
        ${repeat(
          backups,
          ({ id }) => id,
          (backup) => html`<li><backup-line .backup=${backup}></backup-line></li>`,
        )}
      </ul>
    </section>`;
  }

  private async make(): Promise<void> {
    this.isBusy = true;
    if (await attempt(makeBackup)) toast(t("backups.begun"));
    await this.poll.now();
    this.isBusy = false;
  }

  private begun(): void {
    this.restore = { state: "preparing", backup: null, sentence: "" };
  }

  private async look(): Promise<void> {
    try {
      const [list, restore] = await Promise.all([listBackups(), getRestore()]);
      this.backups = list.results;
      this.restore = restore;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
  }

  /** Without it the rest is as good. */
  private async loadSchedule(): Promise<void> {
    const list = await listSettings().catch(() => null);
    this.schedule = list?.results.find((setting) => setting.name === SCHEDULE) ?? null;
  }
}
