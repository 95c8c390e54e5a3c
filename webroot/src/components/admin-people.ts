/** Who has an account: add, disable, make an administrator, remove; and the invites. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { deletePerson, listPeople, patchPerson } from "../api/people";
import type { Person, PersonPatch } from "../api/types";
import { formatDate } from "../shell/format";
import { t } from "../shell/i18n";
import { currentUser } from "../shell/session";
import { attempt, toast } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import "./action-menu";
import type { MenuAction } from "./action-menu";
import "./admin-invites";
import { confirm } from "./confirm-dialog";
import "./loading-state";
import "./person-form";

@customElement("admin-people")
export class AdminPeople extends LitElement {
  @state() private people: readonly Person[] | null = null;
  @state() private error: unknown = null;

  static override styles = [
    ...shared,
    lines,
    css`
      [data-off] h3 {
        color: var(--text-soft);
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
    return html`<div class="words">
        <div class="name">
          <h3>${person.username}</h3>
          ${isSelf ? html`<span class="badge">${t("people.you")}</span>` : nothing}
          ${person.is_admin ? html`<span class="badge accent">${t("account.admin")}</span>` : nothing}
          ${person.state === "disabled" ? html`<span class="badge bad">${t("people.disabled")}</span>` : nothing}
        </div>
        <p class="soft small">${t("account.since", { date: formatDate(person.created_at) })}</p>
      </div>
      ${isSelf
        ? nothing
        : html`<action-menu
            label=${t("people.menu", { name: person.username })}
            .actions=${() => this.actions(person)}
          ></action-menu>`}`;
  }

  /** Not for oneself: nobody locks themselves out by a slip. */
  private actions(person: Person): MenuAction[] {
    const change = (what: PersonPatch) => (): void => void this.change(person, what);
    const { is_admin, state } = person;
    return [
      { label: t(is_admin ? "people.noAdmin" : "people.makeAdmin"), icon: "admin", run: change({ is_admin: !is_admin }) },
      state === "disabled"
        ? { label: t("people.enable"), icon: "check", run: change({ state: "active" }) }
        : { label: t("people.disable"), icon: "pause", run: change({ state: "disabled" }) },
      { label: t("people.remove"), icon: "trash", isDanger: true, run: () => void this.removePerson(person) },
    ];
  }

  private async change(person: Person, what: PersonPatch): Promise<void> {
    if (await attempt(() => patchPerson(person.id, what))) toast(t("people.changed", { name: person.username }));
    await this.load();
  }

  private async removePerson(person: Person): Promise<void> {
    const isSure = await confirm({
      title: t("people.removeTitle", { name: person.username }),
      text: t("people.removeText"),
      action: t("people.remove"),
      isDanger: true,
    });
    if (!isSure || !(await attempt(() => deletePerson(person.id)))) return;
    toast(t("people.removed", { name: person.username }));
    await this.load();
  }

  private async load(): Promise<void> {
    try {
      this.people = (await listPeople()).results;
    } catch (error) {
      this.error = error;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-people": AdminPeople;
  }
}
