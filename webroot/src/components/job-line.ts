/** One job: when it runs, how its last runs went and what they logged; run it now, pause it. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { listRuns, pauseTask } from "../api/system";
import type { RunDetail, Task } from "../api/types";
import { formatMoment } from "../shell/format";
import { t } from "../shell/i18n";
import { attempt } from "../shell/toasts";
import { facts } from "../styles/facts";
import { shared } from "../styles/shared";
import { summary } from "../styles/summary";
import { icon } from "./icons";
import { lastOf, nameOf, nextOf, scheduleOf, tookOf } from "./job-words";

const LOOKS = { running: "accent", done: "good", failed: "bad" } as const;

@customElement("job-line")
export class JobLine extends LitElement {
  @property({ attribute: false }) task!: Task;
  @state() private isOpen = false;
  /** Null until they are known. */
  @state() private runs: readonly RunDetail[] | null = null;

  static override styles = [
    ...shared,
    facts,
    summary,
    css`
      article {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: start;
        gap: var(--space-1) var(--space-2);
        padding-block: var(--space-3) var(--space-1);
      }
      .facts,
      .wide {
        grid-column: 1 / -1;
      }
      .name {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-1) var(--space-2);
        min-block-size: var(--target);
      }
      h2 {
        font-size: var(--text-3);
        overflow-wrap: anywhere;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1);
      }
      .runs {
        display: grid;
        gap: var(--space-3);
        padding-block: var(--space-2) var(--space-3);
      }
      .run {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-1) var(--space-3);
      }
      @media (max-width: 599px) {
        .name {
          grid-column: 1 / -1;
          min-block-size: 0;
        }
        .buttons {
          grid-column: 1 / -1;
          order: 1;
          margin-block-start: var(--space-2);
        }
        .buttons > .quiet {
          order: 1;
        }
        .wide {
          order: 2;
        }
      }
      pre {
        max-block-size: 320px;
        margin: var(--space-2) 0 0;
        padding: var(--space-3);
        border-radius: var(--radius-s);
        background: var(--surface-2);
        font: 400 var(--text-1) / 1.6 var(--font-mono);
        overflow: auto;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];

  protected override willUpdate(changed: Map<string, unknown>): void {
    // Its runs are asked for again when the list tells of another one, or that one is under way.
    if (changed.has("task") && this.isOpen) void this.load();
  }

  protected override render() {
    const { task } = this;
    return html`<article aria-label=${nameOf(task)}>
      <div class="name">
        <h2>${nameOf(task)}</h2>
        ${this.renderBadge()}
      </div>
      <div class="buttons">${this.renderButtons()}</div>
      <dl class="facts">
        <div><dt>${t("jobs.schedule")}</dt><dd>${scheduleOf(task)}</dd></div>
        <div><dt>${t("jobs.last")}</dt><dd>${lastOf(task)}</dd></div>
        <div><dt>${t("jobs.next")}</dt><dd>${nextOf(task)}</dd></div>
      </dl>
      ${task.last_run?.error ? html`<p class="small error wide">${task.last_run.error}</p>` : nothing}
      <details class="wide" @toggle=${this.toggle}>
        <summary>${t("jobs.runs")}</summary>
        ${this.isOpen ? this.renderRuns() : nothing}
      </details>
    </article>`;
  }

  private renderBadge() {
    const { is_paused, is_running, last_run } = this.task;
    if (is_running) return html`<span class="badge accent" role="status">${t("jobs.state.running")}</span>`;
    return html`${is_paused ? html`<span class="badge">${t("jobs.paused")}</span>` : nothing}
    ${last_run?.state === "failed" ? html`<span class="badge bad">${t("jobs.state.failed")}</span>` : nothing}`;
  }

  private renderButtons() {
    const { is_paused, is_running } = this.task;
    const pause = t(is_paused ? "jobs.resume" : "jobs.pause");
    return html`<button class="button quiet" aria-label="${pause}: ${nameOf(this.task)}" @click=${this.pause}>${pause}</button>
      <button
        class="button with-icon"
        aria-label="${t("jobs.run")}: ${nameOf(this.task)}"
        aria-disabled=${is_running}
        @click=${this.run}
      >
        ${icon("play", 20)}${t("jobs.run")}
      </button>`;
  }

  private renderRuns() {
    if (!this.runs) return html`<p class="soft small" role="status">${t("shell.loading")}</p>`;
    if (this.runs.length === 0) return html`<p class="soft small">${t("jobs.neverRan")}</p>`;
    return html`<ol class="runs" role="list" aria-label=${t("jobs.runs")}>
      ${this.runs.map((run) => html`<li>${renderRun(run)}</li>`)}
    </ol>`;
  }

  private run(): void {
    if (!this.task.is_running) this.dispatchEvent(new CustomEvent("run-job"));
  }

  private async pause(): Promise<void> {
    await attempt(() => pauseTask(this.task.id, !this.task.is_paused));
    this.dispatchEvent(new CustomEvent("job-changed"));
  }

  private toggle(event: ToggleEvent): void {
    this.isOpen = event.newState === "open";
    if (this.isOpen) void this.load();
  }

  private async load(): Promise<void> {
    await attempt(async () => {
      this.runs = await listRuns(this.task.id);
    });
  }
}

function renderRun(run: RunDetail) {
  return html`<div class="run small">
      <span class="badge ${LOOKS[run.state]}">${t(`jobs.state.${run.state}`)}</span>
      <time class="numbers" datetime=${run.started_at}>${formatMoment(run.started_at)}</time>
      <span class="soft numbers">${tookOf(run)}</span>
    </div>
    ${run.error ? html`<p class="small error">${run.error}</p>` : nothing}
    ${run.lines.length > 0 ? html`<pre tabindex="0" role="group" aria-label=${t("jobs.log")}>${run.lines.join("\n")}</pre>` : nothing}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "job-line": JobLine;
  }
}
