/** Every job of the server. A run that was asked for here is told of when it ends. */
import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";

import { listTasks, runTask } from "../api/system";
import type { Task } from "../api/types";
import { t } from "../shell/i18n";
import { Poll } from "../shell/poll";
import { attempt, toast } from "../shell/toasts";
import { shared } from "../styles/shared";
import "./job-line";
import { nameOf } from "./job-words";
import "./loading-state";

const EVERY_MS = 2_000;

@customElement("admin-jobs")
export class AdminJobs extends LitElement {
  @state() private tasks: readonly Task[] | null = null;
  @state() private error: unknown = null;
  /** The runs that were asked for here, by job. */
  private readonly asked = new Map<string, string>();
  private readonly poll = new Poll(this, EVERY_MS, () => this.look());

  static override styles = [
    ...shared,
    css`
      .card {
        padding-block: var(--space-1);
      }
      li + li {
        border-block-start: 1px solid var(--line);
      }
    `,
  ];

  protected override render() {
    if (!this.tasks) {
      return html`<loading-state .error=${this.error} @again=${() => this.poll.now()}></loading-state>`;
    }
    return html`<div class="stack">
      <p class="soft">${t("jobs.text")}</p>
      <ul class="card" role="list" aria-label=${t("admin.tab.jobs")}>
        ${this.tasks.map(
          (task) => html`<li>
            <job-line .task=${task} @run-job=${() => this.run(task)} @job-changed=${() => this.poll.now()}></job-line>
          </li>`,
        )}
      </ul>
    </div>`;
  }

  private async run(task: Task): Promise<void> {
    await attempt(async () => this.asked.set(task.id, (await runTask(task.id)).id));
    await this.poll.now();
    if (this.asked.has(task.id)) toast(t("jobs.started", { name: nameOf(task) }));
  }

  private async look(): Promise<void> {
    try {
      this.tasks = (await listTasks()).results;
      this.error = null;
      this.tasks.forEach((task) => this.tell(task));
    } catch (error) {
      this.error = error;
    }
  }

  private tell(task: Task): void {
    const { last_run } = task;
    if (!last_run || last_run.id !== this.asked.get(task.id) || last_run.state === "running") return;
    this.asked.delete(task.id);
    const hasFailed = last_run.state === "failed";
    toast(t(hasFailed ? "jobs.hasFailed" : "jobs.hasEnded", { name: nameOf(task) }), { kind: hasFailed ? "error" : "info" });
  }
}
