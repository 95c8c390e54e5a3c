/** The server goes back to a backup: what that means is said, and a word is typed, because it is about everybody. */
import { css, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { beginRestore } from "../api/backups";
import type { Backup } from "../api/types";
import { formatAgo } from "../shell/format";
import { t } from "../shell/i18n";
import { nameOf } from "./backup-words";
import { FormDialog } from "./form-dialog";
import { showModal } from "./modal-dialog";

const MEANINGS = ["restore.back", "restore.out", "restore.kept", "restore.media", "restore.again"] as const;

@customElement("restore-dialog")
export class RestoreDialog extends FormDialog {
  @property({ attribute: false }) backup!: Backup;
  @state() private typed = "";
  protected override isDanger = true;

  static override styles = [
    FormDialog.styles,
    css`
      ul {
        display: grid;
        gap: var(--space-2);
        padding-inline-start: var(--space-5);
        color: var(--text-soft);
        list-style: disc;
      }
    `,
  ];

  protected override heading(): string {
    return t("restore.title");
  }

  protected override action(): string {
    return t("restore.action");
  }

  protected override isComplete(): boolean {
    return this.typed.trim().toLowerCase() === t("restore.word");
  }

  protected override renderFields() {
    const { backup } = this;
    const params = { when: nameOf(backup), ago: formatAgo(backup.made_at) };
    return html`<ul>
        ${MEANINGS.map((key) => html`<li>${t(key, params)}</li>`)}
      </ul>
      <form-field
        name="typed"
        label=${t("restore.typed", { word: t("restore.word") })}
        required
        @input=${(event: Event) => (this.typed = (event.target as HTMLInputElement).value)}
      ></form-field>`;
  }

  protected override save(): Promise<unknown> {
    return beginRestore(this.backup.id);
  }
}

/** Resolves true where the server has begun. */
export function askRestore(backup: Backup): Promise<boolean> {
  const dialog = document.createElement("restore-dialog");
  dialog.backup = backup;
  return showModal(dialog);
}

declare global {
  interface HTMLElementTagNameMap {
    "restore-dialog": RestoreDialog;
  }
}
