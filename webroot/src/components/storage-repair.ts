/** Whether what is kept is whole, whether the worker that answers without a network runs, and repairs of both. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { getDeviceState, setDeviceState } from "../offline/database";
import { findOrphans } from "../offline/orphans";
import { local, whenOpen } from "../offline/start";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { attempt } from "../shell/toasts";
import { canWorkOffline, repairWorker, type WorkerState, workerState } from "../shell/worker";
import { shared } from "../styles/shared";
import { icon } from "./icons";

type Work = "check" | "sweep" | "repair";

@customElement("storage-repair")
export class StorageRepair extends LitElement {
  @state() private worker: WorkerState | null = null;
  @state() private busy: Work | null = null;
  @state() private said = "";
  @state() private canFetchInBackground = false;
  @state() private isBackgroundWanted = true;

  static override styles = [
    ...shared,
    css`
      :host {
        display: grid;
        gap: var(--space-3);
      }
      .facts {
        display: flex;
        align-items: center;
        gap: var(--space-2);
      }
      .facts svg {
        flex: none;
      }
      [data-good] svg {
        color: var(--good);
      }
      [data-bad] svg {
        color: var(--danger);
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.look();
  }

  protected override render() {
    if (!canWorkOffline) return nothing;
    const isGood = this.worker === "running" || this.worker === "waiting";
    return html`${this.worker
        ? html`<p class="facts small" ?data-good=${isGood} ?data-bad=${this.worker === "missing"}>
            ${icon(isGood ? "check" : "warning", 20)}${t(`worker.${this.worker}`)}
          </p>`
        : nothing}
      ${this.canFetchInBackground ? this.renderBackground() : nothing}
      <div class="row">
        ${this.renderButton("check", () => this.check())} ${this.renderButton("sweep", () => this.sweep())}
        ${this.renderButton("repair", () => this.repair())}
      </div>
      <p class="small" role="status">${this.said}</p>`;
  }

  private renderBackground() {
    return html`<label class="check">
      <input type="checkbox" .checked=${this.isBackgroundWanted} @change=${this.turn} />${t("storage.background")}
    </label>`;
  }

  private renderButton(work: Work, run: () => Promise<string>) {
    return html`<button class="button" aria-disabled=${this.busy !== null} @click=${() => this.do_(work, run)}>
      ${t(this.busy === work ? `storage.${work}Busy` : `storage.${work}`)}
    </button>`;
  }

  private async do_(work: Work, run: () => Promise<string>): Promise<void> {
    if (this.busy !== null) return;
    this.busy = work;
    this.said = "";
    await attempt(async () => (this.said = await run()));
    this.busy = null;
    await this.look();
  }

  private async check(): Promise<string> {
    const { checked, bad } = (await local.value?.keeper.verifyAll()) ?? { checked: 0, bad: 0 };
    return bad > 0 ? t("storage.checkedBad", { count: bad }) : t("storage.checked", { count: checked });
  }

  /** What nobody wants goes at each reconciliation anyway; this one says how much that was. */
  private async sweep(): Promise<string> {
    const here = local.value;
    if (!here) return "";
    const before = await findOrphans(here);
    await here.keeper.tidy();
    const left = await findOrphans(here);
    const count = before.count - left.count;
    return count > 0 ? t("storage.swept", { count, size: formatBytes(before.bytes - left.bytes) }) : t("storage.sweptNone");
  }

  private async repair(): Promise<string> {
    return t((await repairWorker()) ? "storage.repaired" : "storage.notRepaired");
  }

  private async turn(event: Event): Promise<void> {
    const isOn = (event.target as HTMLInputElement).checked;
    this.isBackgroundWanted = isOn;
    await attempt(async () => local.value && setDeviceState(local.value.base, "isBackgroundFetchWanted", isOn));
  }

  private async look(): Promise<void> {
    if (!canWorkOffline) return;
    this.worker = await workerState();
    this.canFetchInBackground = "BackgroundFetchManager" in window;
    const here = await whenOpen();
    if (here) this.isBackgroundWanted = await getDeviceState(here.base, "isBackgroundFetchWanted");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "storage-repair": StorageRepair;
  }
}
