/** What happened: who came in, who was refused, who changed what. Filtered, newest first, part by part. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { listAudit } from "../api/audit";
import { listPeople } from "../api/people";
import type { AuditEntry, AuditKind, AuditQuery, Person } from "../api/types";
import { formatMoment } from "../shell/format";
import { t } from "../shell/i18n";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { detailsOf, iconOf, KINDS, sentenceOf } from "./audit-words";
import "./empty-state";
import { icon } from "./icons";
import "./loading-state";
import { textOf } from "./submission";

@customElement("admin-audit")
export class AdminAudit extends LitElement {
  @state() private people: readonly Person[] = [];
  /** Null until the first part is there. */
  @state() private entries: readonly AuditEntry[] | null = null;
  @state() private count = 0;
  @state() private next: string | null = null;
  @state() private error: unknown = null;
  @state() private isBusy = false;

  private filter: AuditQuery = {};

  static override styles = [
    ...shared,
    lines,
    css`
      form {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(170px, 100%), 1fr));
        gap: var(--space-3);
      }
      form > label {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-1);
      }
      .lines > li {
        grid-template-columns: 22px minmax(0, 1fr) auto;
        align-items: start;
        column-gap: var(--space-3);
      }
      .lines svg {
        color: var(--text-soft);
        margin-block-start: 1px;
      }
      [data-alarm] svg {
        color: var(--danger);
      }
      .words p,
      .words code {
        overflow-wrap: anywhere;
      }
      time {
        white-space: nowrap;
      }
      @media (max-width: 599px) {
        form {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        }
        .wide {
          grid-column: 1 / -1;
        }
        time {
          grid-column: 2;
          grid-row: 2;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load(null);
    // Without the names there is one filter less.
    void listPeople().then((list) => (this.people = list.results), () => undefined);
  }

  protected override render() {
    return html`<div class="page">
      <section class="card">${this.renderFilter()}</section>
      ${this.renderEntries()}
    </div>`;
  }

  private renderFilter() {
    const kinds = Object.keys(KINDS) as AuditKind[];
    return html`<form role="search" aria-label=${t("audit.filter")} @change=${this.choose} @submit=${this.choose}>
      <label>
        <span class="label">${t("audit.kind")}</span>
        <select name="kind">
          <option value="">${t("audit.everything")}</option>
          ${kinds.map((kind) => html`<option value=${kind}>${t(`audit.kind.${kind}`)}</option>`)}
        </select>
      </label>
      <label>
        <span class="label">${t("audit.person")}</span>
        <select name="user">
          <option value="">${t("audit.everybody")}</option>
          ${this.people.map((person) => html`<option value=${person.id}>${person.username}</option>`)}
        </select>
      </label>
      <label class="wide">
        <span class="label">${t("audit.address")}</span>
        <input name="address" autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="192.168.1.20" />
      </label>
      <label class="wide">
        <span class="label">${t("audit.since")}</span>
        <input name="since" type="date" />
      </label>
      <label class="wide">
        <span class="label">${t("audit.until")}</span>
        <input name="until" type="date" />
      </label>
    </form>`;
  }

  private renderEntries() {
    if (!this.entries || this.error) {
      return html`<loading-state .error=${this.error} @again=${() => this.load(null)}></loading-state>`;
    }
    if (this.entries.length === 0) {
      return html`<empty-state icon="search" heading=${t("audit.none")} text=${t("audit.noneText")}></empty-state>`;
    }
    return html`<section class="stack">
      <p class="soft small" role="status">${t("audit.count", { count: this.count })}</p>
      <ul class="card lines" role="list" aria-label=${t("admin.tab.audit")}>
        ${this.entries.map((entry) => html`<li ?data-alarm=${iconOf(entry.kind) === "warning"}>${this.renderEntry(entry)}</li>`)}
      </ul>
      ${this.next
        ? html`<button class="button more" ?disabled=${this.isBusy} @click=${() => this.load(this.next)}>
            ${t("action.more")}
          </button>`
        : nothing}
    </section>`;
  }

  private renderEntry(entry: AuditEntry) {
    const more = [...detailsOf(entry), entry.address ?? ""].filter(Boolean);
    return html`${icon(iconOf(entry.kind), 20)}
      <div class="words">
        <div class="name">
          <p>${sentenceOf(entry)}</p>
          ${entry.count > 1 ? html`<span class="badge">${t("audit.times", { count: entry.count })}</span>` : nothing}
        </div>
        ${more.length > 0 ? html`<p class="soft small">${more.join(" · ")}</p>` : nothing}
      </div>
      <time class="soft small numbers" datetime=${entry.at}>${formatMoment(entry.at)}</time>`;
  }

  private choose(event: Event): void {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const filter: AuditQuery = {
      kind: (textOf(data, "kind") || undefined) as AuditKind | undefined,
      user: textOf(data, "user") || undefined,
      address: textOf(data, "address").trim() || undefined,
      since: startOf(textOf(data, "since"), 0),
      until: startOf(textOf(data, "until"), 1),
    };
    if (JSON.stringify(filter) === JSON.stringify(this.filter)) return;
    this.filter = filter;
    void this.load(null);
  }

  /** The first part anew, or the one that follows. An answer to a filter that is no longer wanted is dropped. */
  private async load(next: string | null): Promise<void> {
    const { filter } = this;
    this.isBusy = true;
    try {
      const part = await listAudit(filter, next);
      if (filter !== this.filter) return;
      this.entries = [...((next && this.entries) || []), ...part.results];
      this.count = part.count;
      this.next = part.next;
      this.error = null;
    } catch (error) {
      if (filter === this.filter) this.error = error;
    }
    this.isBusy = false;
  }
}

/** Where a day of this place begins, in UTC; with `later` days added, so that the last day is within. */
function startOf(day: string, later: number): string | undefined {
  if (!day) return undefined;
  const moment = new Date(`${day}T00:00`);
  moment.setDate(moment.getDate() + later);
  return moment.toISOString();
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-audit": AdminAudit;
  }
}
