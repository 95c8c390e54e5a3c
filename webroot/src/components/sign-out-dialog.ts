/** Signing out takes along what this device keeps: says what that is, and offers to send first what was not sent. */
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { flushCounts } from "../offline/counting";
import { local } from "../offline/start";
import { type Loss, lossOf } from "../offline/wipe";
import { isOnline } from "../shell/connection";
import { leave, prepareToLeave } from "../shell/departure";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { Watch } from "../shell/store";
import { attempt } from "../shell/toasts";
import { FormDialog } from "./form-dialog";
import { HeldFocus } from "./held-focus";
import { showModal } from "./modal-dialog";

/** So long what waits is tried to be sent before somebody is asked. */
const SENDING_MS = 2_500;

@customElement("sign-out-dialog")
export class SignOutDialog extends FormDialog {
  @property() user = "";
  @property({ attribute: false }) loss!: Loss;
  @state() private isSending = false;
  protected override isDanger = true;

  static override styles = [
    FormDialog.styles,
    css`
      li {
        list-style: disc;
        margin-inline-start: var(--space-5);
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, isOnline);
    new HeldFocus(this);
  }

  protected override heading(): string {
    return t("leave.title");
  }

  protected override action(): string {
    return t("account.signOut");
  }

  protected override renderFields() {
    const { unsent, plays } = this.loss;
    return html`<p class="text">${t("leave.text")}</p>
      <div role="status">${this.renderLosses()}</div>
      ${unsent + plays > 0 ? this.renderSending() : nothing}`;
  }

  private renderLosses() {
    const { playlists, storedBytes, unsent, plays, parked } = this.loss;
    return html`<ul role="list">
        ${playlists > 0 ? html`<li>${t("leave.playlists", { count: playlists, size: formatBytes(storedBytes) })}</li>` : nothing}
        ${unsent > 0 ? html`<li>${t("leave.unsent", { count: unsent })}</li>` : nothing}
        ${plays > 0 ? html`<li>${t("leave.plays", { count: plays })}</li>` : nothing}
        ${parked > 0 ? html`<li>${t("leave.parked", { count: parked })}</li>` : nothing}
      </ul>`;
  }

  private renderSending() {
    if (!isOnline.value) return html`<p class="text">${t("leave.away")}</p>`;
    return html`<button type="button" class="button primary" aria-disabled=${this.isSending} @click=${this.send}>
      ${t(this.isSending ? "leave.sending" : "leave.send")}
    </button>`;
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    await sendWaiting();
    this.isSending = false;
    if (local.value) this.loss = await lossOf(local.value.db);
    if (isNothing(this.loss)) this.renderRoot.querySelector("form")?.requestSubmit();
  }

  protected override save(): Promise<void> {
    return leave(this.user);
  }
}

let leaving: Promise<void> | null = null;

/** Sign out; where something would be lost, ask before. Whoever clicks twice is asked once. */
export function signOut(user: string): Promise<void> {
  return (leaving ??= tryToLeave(user).finally(() => (leaving = null)));
}

async function tryToLeave(user: string): Promise<void> {
  const stay = prepareToLeave();
  if (isOnline.value) await sendWaiting();
  // A database that cannot be read has nothing that could be told of.
  const loss = local.value && (await lossOf(local.value.db).catch(() => null));
  const isDone = loss && !isNothing(loss) ? await askToLeave(user, loss) : await attempt(() => leave(user));
  if (!isDone) stay();
}

function askToLeave(user: string, loss: Loss): Promise<boolean> {
  const dialog = document.createElement("sign-out-dialog");
  Object.assign(dialog, { user, loss });
  return showModal(dialog);
}

const isNothing = ({ playlists, unsent, plays, parked }: Loss): boolean => playlists + unsent + plays + parked === 0;

/** What waits, and what was counted; not longer than somebody would wait for it. */
async function sendWaiting(): Promise<void> {
  const here = local.value;
  if (!here) return;
  const counting = { base: here.base, user: here.user, db: here.db, channel: here.channel, now: () => new Date() };
  const sending = flushCounts(counting).then(() => here.drain.drain());
  await Promise.race([sending.catch(() => undefined), new Promise((done) => setTimeout(done, SENDING_MS))]);
}

declare global {
  interface HTMLElementTagNameMap {
    "sign-out-dialog": SignOutDialog;
  }
}
