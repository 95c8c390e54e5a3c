/** A dialog over everything, which is gone when it was closed. What it shows is its subclass's. */
import { type CSSResultGroup, LitElement } from "lit";
import { query } from "lit/decorators.js";

import { giveBackFocus } from "../shell/focus";
import { dialogs } from "../styles/dialogs";
import { base, buttons } from "../styles/shared";

export abstract class ModalDialog<Answer = void> extends LitElement {
  @query("dialog") protected dialog!: HTMLDialogElement;

  /** Called once, when it was closed. */
  closed: (answer: Answer) => void = () => undefined;

  static override styles: CSSResultGroup = [base, buttons, dialogs];

  protected abstract answer(): Answer;

  protected override firstUpdated(): void {
    this.dialog.showModal();
  }

  /** For the dialog's `close`. */
  protected close(): void {
    this.closed(this.answer());
    this.remove();
  }
}

/** Resolves with its answer; the focus is where it was then. */
export function showModal<Answer>(dialog: ModalDialog<Answer>): Promise<Answer> {
  return giveBackFocus(
    new Promise((resolve) => {
      dialog.closed = resolve;
      document.body.append(dialog);
    }),
  );
}
