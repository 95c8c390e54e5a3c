/** Who has an account: add, change, a new password, remove; and the invites. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { getUsage } from "../api/library";
import { listPeople } from "../api/people";
import type { Person, Usage } from "../api/types";
import { formatAgo, formatDate } from "../shell/format";
import { t } from "../shell/i18n";
import { currentUser, loadSession } from "../shell/session";
import { toast, toastError } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import "./action-menu";
import type { MenuAction } from "./action-menu";
import "./admin-invites";
import "./loading-state";
import "./person-avatar";
import { askChange } from "./person-dialog";
import "./person-form";
import "./quota-bar";
import { askRemoval } from "./removal-dialog";
import { askReset } from "./reset-dialog";

@customElement("admin-people")
export class AdminPeople extends LitElement {
  @state() private people: readonly Person[] | null = null;
  /** By user, as the answers come in. */
  @state() private usages: Readonly<Record<string, Usage>> = {};
  @state() private error: unknown = null;

  static override styles = [
    ...shared,
    lines,
    css`
      .lines > li {
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: start;
      }
      [data-off] person-avatar {
        filter: grayscale(1);
        opacity: 0.7;
      }
      [data-off] h3 {
        color: var(--text-soft);
      }
      h3 {
        overflow-wrap: anywhere;
      }
      quota-bar {
        max-inline-size: 360px;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    if (!this.people) {
      return html`<loading-state .error=${this.error} @again=${() => this.load()}></loading-state>`;
    }
    return html`<div class="page">
      <section class="stack">
        <h2>${t("people.heading")}</h2>
        <ul class="card lines" role="list" aria-label=${t("people.heading")}>
          ${this.people.map((person) => html`<li ?data-off=${person.state === "disabled"}>${this.renderPerson(person)}</li>`)}
        </ul>
      </section>
      <person-form @person-added=${() => this.load()}></person-form>
      <admin-invites></admin-invites>
    </div>`;
  }

  private renderPerson(person: Person) {
    const isSelf = person.id === currentUser()?.id;
    return html`<person-avatar .src=${person.avatar_url} .name=${person.username}></person-avatar>
      <div class="words">
        <div class="name">
          <h3>${person.username}</h3>
          ${isSelf ? html`<span class="badge">${t("people.you")}</span>` : nothing}
          ${person.is_admin ? html`<span class="badge accent">${t("account.admin")}</span>` : nothing}
          ${person.state === "disabled" ? html`<span class="badge bad">${t("people.disabled")}</span>` : nothing}
          ${person.has_second_factor ? html`<span class="badge good">${t("factor.heading")}</span>` : nothing}
        </div>
        <p class="soft small">
          ${t("account.since", { date: formatDate(person.created_at) })} ·
          ${person.last_seen_at ? t("people.seen", { when: formatAgo(person.last_seen_at) }) : t("people.neverSeen")}
        </p>
        <quota-bar .usage=${this.usages[person.id] ?? null} .quota=${person.quota_bytes}></quota-bar>
      </div>
      <action-menu
        label=${t("people.menu", { name: person.username })}
        .actions=${() => this.actions(person, isSelf)}
      ></action-menu>`;
  }

  /** Of oneself only what locks nobody out by a slip; one's own password is on the account's page. */
  private actions(person: Person, isSelf: boolean): MenuAction[] {
    const edit: MenuAction = { label: t("people.edit"), icon: "pencil", run: () => void this.edit(person, isSelf) };
    if (isSelf) return [edit];
    return [
      edit,
      { label: t("reset.action"), icon: "key", run: () => void this.reset(person) },
      { label: t("people.remove"), icon: "trash", isDanger: true, run: () => void this.removePerson(person) },
    ];
  }

  private async edit(person: Person, isSelf: boolean): Promise<void> {
    if (await askChange(person, isSelf)) toast(t("people.changed", { name: person.username }));
    if (isSelf) await loadSession().catch(() => undefined);
    await this.load();
  }

  private async reset(person: Person): Promise<void> {
    if (await askReset(person)) toast(t("reset.done", { name: person.username }));
    await this.load();
  }

  private async removePerson(person: Person): Promise<void> {
    const others = (this.people ?? []).filter((other) => other.id !== person.id);
    const isDone = await askRemoval(person, this.usages[person.id] ?? null, others);
    if (isDone) toast(t("people.removed", { name: person.username }));
    await this.load();
  }

  private async load(): Promise<void> {
    try {
      this.people = (await listPeople()).results;
    } catch (error) {
      if (this.people) toastError(error);
      else this.error = error;
      return;
    }
    await Promise.all(this.people.map((person) => this.measure(person)));
  }

  /** What somebody takes is said when it is known; without it the rest of the line is as good. */
  private async measure(person: Person): Promise<void> {
    const usage = await getUsage(person.id).catch(() => null);
    if (usage) this.usages = { ...this.usages, [person.id]: usage };
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-people": AdminPeople;
  }
}
