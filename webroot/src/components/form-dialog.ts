/** A modal form that stays open until it was accepted. What it asks and what it does is its subclass's. */
import { type CSSResultGroup, html, type TemplateResult } from "lit";

import { t } from "../shell/i18n";
import { fields } from "../styles/shared";
import "./form-field";
import { ModalDialog } from "./modal-dialog";
import { read, Submission } from "./submission";

const FIRST = "form-field, code-field, input:not([type=hidden]), select";

/** Its answer: whether it was accepted. */
export abstract class FormDialog extends ModalDialog<boolean> {
  protected readonly submission = new Submission(this);
  protected isDanger = false;

  private isDone = false;

  static override styles: CSSResultGroup = [ModalDialog.styles, fields];

  protected abstract heading(): string;
  protected abstract action(): string;
  protected abstract renderFields(): TemplateResult;
  /** Do it. Where it rejects, the dialog says why and stays. */
  protected abstract save(data: FormData): Promise<unknown>;

  /** Whether the form may be sent. */
  protected isComplete(): boolean {
    return true;
  }

  protected override render() {
    const { isBusy } = this.submission;
    return html`<dialog aria-labelledby="title" @close=${this.close}>
      <form class="form" @submit=${this.submit}>
        <h2 id="title">${this.heading()}</h2>
        ${this.submission.render()} ${this.renderFields()}
        <div class="actions">
          <button type="button" class="button" aria-disabled=${isBusy} @click=${this.cancel}>${t("action.cancel")}</button>
          <button
            class="button ${this.isDanger ? "danger" : "primary"}"
            aria-disabled=${isBusy}
            ?disabled=${!this.isComplete()}
          >
            ${this.action()}
          </button>
        </div>
      </form>
    </dialog>`;
  }

  protected override firstUpdated(): void {
    super.firstUpdated();
    this.renderRoot.querySelector<HTMLElement>(FIRST)?.focus();
  }

  private async submit(event: SubmitEvent): Promise<void> {
    const data = read(event);
    this.isDone = await this.submission.run(() => this.save(data));
    if (this.isDone) this.dialog.close();
  }

  private cancel(): void {
    if (!this.submission.isBusy) this.dialog.close();
  }

  /** What is on its way cannot be called back: whatever closed the dialog (Esc, a phone's gesture), it waits for the answer. */
  protected override close(): void {
    if (this.submission.isBusy) this.dialog.showModal();
    else super.close();
  }

  protected override answer(): boolean {
    return this.isDone;
  }
}
