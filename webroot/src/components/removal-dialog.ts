/** An account ends: what becomes of the tracks is chosen, and the name is typed, because there is no way back. */
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { deletePerson } from "../api/people";
import type { Person, Usage } from "../api/types";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { FormDialog } from "./form-dialog";
import { showModal } from "./modal-dialog";

@customElement("removal-dialog")
export class RemovalDialog extends FormDialog {
  @property({ attribute: false }) person!: Person;
  @property({ attribute: false }) usage: Usage | null = null;
  /** Who may be given the tracks. */
  @property({ attribute: false }) others: readonly Person[] = [];
  @state() private isGiven = false;
  @state() private heir = "";
  @state() private typed = "";
  protected override isDanger = true;

  static override styles = [
    FormDialog.styles,
    css`
      fieldset {
        display: grid;
        gap: var(--space-2);
      }
      legend {
        padding: 0 0 var(--space-2);
      }
      .way {
        display: grid;
        grid-template-columns: 20px minmax(0, 1fr);
        gap: 0 var(--space-3);
        padding: var(--space-3);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
      }
      .way:has(input:checked) {
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      .way > label {
        display: contents;
        cursor: pointer;
      }
      .way select {
        grid-column: 2;
        margin-block-start: var(--space-2);
      }
      input[type="radio"] {
        inline-size: 20px;
        block-size: 20px;
        margin: 1px 0 0;
        accent-color: var(--accent);
      }
      b,
      b + span {
        display: block;
      }
      b {
        font-weight: 600;
      }
    `,
  ];

  protected override heading(): string {
    return t("people.removeTitle", { name: this.person.username });
  }

  protected override action(): string {
    return t("people.remove");
  }

  protected override isComplete(): boolean {
    return this.typed.trim() === this.person.username && (!this.isGiven || this.heir !== "");
  }

  protected override renderFields() {
    const { person } = this;
    return html`<p class="text">${t("removal.text", { name: person.username })} ${this.renderUsage()}</p>
      <fieldset>
        <legend class="label">${t("removal.tracks")}</legend>
        ${this.renderWay(false, t("removal.remove"), t("removal.removeText"))}
        ${this.others.length > 0 ? this.renderWay(true, t("removal.give"), t("removal.giveText")) : nothing}
      </fieldset>
      <form-field
        name="typed"
        label=${t("removal.typed", { name: person.username })}
        required
        @input=${(event: Event) => (this.typed = (event.target as HTMLInputElement).value)}
      ></form-field>`;
  }

  private renderUsage() {
    if (!this.usage?.tracks) return nothing;
    const { tracks, used_bytes } = this.usage;
    return t("removal.usage", { count: tracks, size: formatBytes(used_bytes) });
  }

  private renderWay(isGiven: boolean, label: string, text: string) {
    return html`<div class="way">
      <label>
        <input type="radio" name="way" .checked=${this.isGiven === isGiven} @change=${() => (this.isGiven = isGiven)} />
        <span><b>${label}</b><span class="soft small">${text}</span></span>
      </label>
      ${isGiven && this.isGiven ? this.renderHeirs() : nothing}
    </div>`;
  }

  private renderHeirs() {
    return html`<select
      aria-label=${t("removal.heir")}
      required
      @change=${(event: Event) => (this.heir = (event.target as HTMLSelectElement).value)}
    >
      <option value="">${t("removal.choose")}</option>
      ${this.others.map((other) => html`<option value=${other.id} ?selected=${other.id === this.heir}>${other.username}</option>`)}
    </select>`;
  }

  protected override save(): Promise<void> {
    return deletePerson(this.person.id, this.isGiven ? this.heir : null);
  }
}

export function askRemoval(person: Person, usage: Usage | null, others: readonly Person[]): Promise<boolean> {
  const dialog = document.createElement("removal-dialog");
  Object.assign(dialog, { person, usage, others });
  return showModal(dialog);
}

declare global {
  interface HTMLElementTagNameMap {
    "removal-dialog": RemovalDialog;
  }
}
