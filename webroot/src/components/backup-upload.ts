/** A backup comes in from this device: part by part, for proxies limit what is sent at once. It goes on when the tab is changed. */
import { css, html, LitElement } from "lit";
import { customElement, query } from "lit/decorators.js";

import { uploadBackup } from "../api/backups";
import { isAbort } from "../api/errors";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { Store, Watch } from "../shell/store";
import { toast, toastError } from "../shell/toasts";
import { shared } from "../styles/shared";
import { icon } from "./icons";
import "./progress-bar";

interface Upload {
  name: string;
  size: number;
  sent: number;
  giveUp: AbortController;
}

const upload = new Store<Upload | null>(null);

@customElement("backup-upload")
export class BackupUpload extends LitElement {
  @query("input") private input!: HTMLInputElement;

  static override styles = [
    ...shared,
    css`
      .under-way {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: center;
        gap: 0 var(--space-3);
        max-inline-size: 480px;
      }
      .small {
        min-inline-size: 0;
      }
      progress-bar {
        grid-column: 1 / -1;
      }
      @media (max-width: 599px) {
        button.with-icon {
          inline-size: 100%;
        }
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, upload);
  }

  protected override render() {
    return upload.value ? this.renderUnderWay(upload.value) : this.renderButton();
  }

  private renderButton() {
    return html`<button class="button with-icon" @click=${() => this.input.click()}>
        ${icon("upload", 20)}${t("backups.upload")}
      </button>
      <input type="file" accept=".zip,application/zip" aria-label=${t("backups.upload")} hidden @change=${this.choose} />`;
  }

  private renderUnderWay({ name, sent, size, giveUp }: Upload) {
    const label = t("backups.uploading", { name });
    return html`<div class="under-way">
      <div class="small">
        <p class="cut">${label}</p>
        <p class="soft numbers">${t("downloads.bytesOf", { done: formatBytes(sent), total: formatBytes(size) })}</p>
      </div>
      <button class="button quiet" @click=${() => giveUp.abort()}>${t("action.cancel")}</button>
      <progress-bar .value=${sent / size} label=${label}></progress-bar>
    </div>`;
  }

  private choose(): void {
    const file = this.input.files?.[0];
    this.input.value = "";
    if (file) void this.send(file);
  }

  private async send(file: File): Promise<void> {
    const one: Upload = { name: file.name, size: file.size, sent: 0, giveUp: new AbortController() };
    upload.set(one);
    try {
      await uploadBackup(file, one.giveUp.signal, (sent) => {
        one.sent = sent;
        upload.changed();
      });
      toast(t("backups.uploaded"));
    } catch (error) {
      if (isAbort(error)) toast(t("backups.givenUp"));
      else toastError(error);
    }
    upload.set(null);
    this.dispatchEvent(new CustomEvent("backups-changed", { bubbles: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "backup-upload": BackupUpload;
  }
}
