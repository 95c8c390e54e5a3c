/** Somebody's account, changed by an administrator: name, role, state, room. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { patchPerson } from "../api/people";
import type { Person, PersonPatch } from "../api/types";
import { t } from "../shell/i18n";
import { FormDialog } from "./form-dialog";
import { showModal } from "./modal-dialog";
import "./quota-field";
import { quotaIn } from "./quota-field";
import { textOf } from "./submission";

@customElement("person-dialog")
export class PersonDialog extends FormDialog {
  @property({ attribute: false }) person!: Person;
  /** Nobody locks themselves out by a slip. */
  @property({ type: Boolean }) isSelf = false;

  static override styles = [
    FormDialog.styles,
    css`
      .checks {
        display: grid;
        gap: var(--space-2);
      }
    `,
  ];

  protected override heading(): string {
    return t("people.editTitle", { name: this.person.username });
  }

  protected override action(): string {
    return t("action.save");
  }

  protected override renderFields() {
    const { person } = this;
    return html`<form-field name="username" label=${t("login.username")} .value=${person.username} required maxlength="64"></form-field>
      <quota-field .bytes=${person.quota_bytes}></quota-field>
      ${this.isSelf
        ? nothing
        : html`<div class="checks">
            ${this.renderCheck("is_admin", person.is_admin, t("account.admin"), t("people.adminText"))}
            ${this.renderCheck("is_active", person.state === "active", t("people.active"), t("people.activeText"))}
          </div>`}`;
  }

  private renderCheck(name: string, isChecked: boolean, label: string, text: string) {
    return html`<label class="check told">
      <input type="checkbox" name=${name} ?checked=${isChecked} />
      <span><b>${label}</b><span class="soft small">${text}</span></span>
    </label>`;
  }

  /** Only what is different is sent: what somebody else has changed meanwhile stays. */
  protected override async save(data: FormData): Promise<void> {
    const { person } = this;
    const [username, quota_bytes] = [textOf(data, "username").trim(), quotaIn(data)];
    const change: PersonPatch = {};
    if (username !== person.username) change.username = username;
    if (quota_bytes !== person.quota_bytes) change.quota_bytes = quota_bytes;
    if (!this.isSelf) {
      const state = data.has("is_active") ? "active" : "disabled";
      if (data.has("is_admin") !== person.is_admin) change.is_admin = data.has("is_admin");
      if (state !== person.state) change.state = state;
    }
    if (Object.keys(change).length > 0) await patchPerson(person.id, change);
  }
}

export function askChange(person: Person, isSelf: boolean): Promise<boolean> {
  const dialog = document.createElement("person-dialog");
  Object.assign(dialog, { person, isSelf });
  return showModal(dialog);
}

declare global {
  interface HTMLElementTagNameMap {
    "person-dialog": PersonDialog;
  }
}
