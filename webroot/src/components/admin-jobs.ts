/** Every job: when it runs, how its last run went, run it now, pause it. */
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { listTasks, pauseTask, runTask } from "../api/system";
import type { Run, Task } from "../api/types";
import { formatAgo, formatNumber } from "../shell/format";
import { t } from "../shell/i18n";
import { Poll } from "../shell/poll";
import { attempt, toast } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import "./action-menu";
import "./empty-state";
import { icon } from "./icons";
import "./loading-state";

const EVERY_MS = 5_000;

@customElement("admin-jobs")
export class AdminJobs extends LitElement {
  @state() private tasks: readonly Task[] | null = null;
  @state() private error: unknown = null;
  private readonly poll = new Poll(this, EVERY_MS, () => this.look());

  static override styles = [...shared, lines];

  protected override render() {
    if (!this.tasks) {
      return html`<loading-state .error=${this.error} @again=${() => this.poll.now()}></loading-state>`;
    }
    return html`<ul class="card lines" role="list">
      ${this.tasks.map((task) => html`<li>${this.renderTask(task)}</li>`)}
    </ul>`;
  }

  private renderTask(task: Task) {
    return html`<div class="words">
        <div class="name">
          <h2>${task.description.replace(/\.$/, "")}</h2>
          ${task.is_paused ? html`<span class="badge">${t("jobs.paused")}</span>` : nothing}
        </div>
        <p class="soft small"><code>${task.id}</code> · ${task.schedule}</p>
        <p class="soft small">
          ${task.last_run ? describe(task.last_run) : t("jobs.neverRan")}
          ${task.next_run_at && !task.is_paused ? html` · ${t("jobs.next", { when: formatAgo(task.next_run_at) })}` : nothing}
        </p>
      </div>
      <div class="row">
        <button class="icon-button" title=${t("jobs.run")} aria-label="${t("jobs.run")}: ${task.id}" @click=${() => this.run(task)}>
          ${icon("play", 20)}
        </button>
        <button
          class="icon-button"
          aria-pressed=${task.is_paused}
          title=${t(task.is_paused ? "jobs.resume" : "jobs.pause")}
          aria-label="${t("jobs.pause")}: ${task.id}"
          @click=${() => this.pause(task)}
        >
          ${icon("pause", 20)}
        </button>
      </div>
      ${task.last_run?.error ? html`<p class="small error wide">${task.last_run.error}</p>` : nothing}`;
  }

  private async run(task: Task): Promise<void> {
    if (await attempt(() => runTask(task.id))) toast(t("jobs.started", { name: task.description }));
    await this.poll.now();
  }

  private async pause(task: Task): Promise<void> {
    await attempt(() => pauseTask(task.id, !task.is_paused));
    await this.poll.now();
  }

  private async look(): Promise<void> {
    try {
      this.tasks = (await listTasks()).results;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
  }
}

function describe(run: Run): string {
  const when = formatAgo(run.ended_at ?? run.started_at);
  if (run.state === "running") return t("jobs.running", { when: formatAgo(run.started_at) });
  const seconds = formatNumber(Math.round((run.duration_seconds ?? 0) * 10) / 10);
  return t(run.state === "failed" ? "jobs.failed" : "jobs.done", { when, seconds });
}
