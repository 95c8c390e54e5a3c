/** One's own picture, which is the button to change it. */
import { css, html, LitElement } from "lit";
import { customElement, property, query } from "lit/decorators.js";

import { deleteAvatar, putAvatar } from "../api/account";
import { ApiError } from "../api/errors";
import type { User } from "../api/types";
import { t } from "../shell/i18n";
import { loadSession } from "../shell/session";
import { attempt } from "../shell/toasts";
import { base } from "../styles/shared";
import "./action-menu";
import type { MenuAction } from "./action-menu";
import { icon } from "./icons";
import "./person-avatar";

/** Pixels: sharp where it is largest, and far below what the server takes. */
const SIDE = 384;
const QUALITY = 0.86;

@customElement("avatar-menu")
export class AvatarMenu extends LitElement {
  @property({ attribute: false }) user!: User;
  @query("input") private input!: HTMLInputElement;

  static override styles = [
    base,
    css`
      :host {
        flex: none;
        --avatar: 72px;
      }
      action-menu::part(opener) {
        position: relative;
        inline-size: var(--avatar);
        block-size: var(--avatar);
      }
      .badge {
        position: absolute;
        inset-block-end: -2px;
        inset-inline-end: -2px;
        display: grid;
        place-items: center;
        inline-size: 28px;
        block-size: 28px;
        border-radius: 50%;
        background: var(--surface-2);
        color: var(--text);
        box-shadow: 0 0 0 3px var(--surface-1);
      }
    `,
  ];

  protected override render() {
    const { avatar_url, username } = this.user;
    return html`<action-menu label=${t("avatar.menu")} .actions=${() => this.actions()}>
        <person-avatar .src=${avatar_url} .name=${username}></person-avatar>
        <span class="badge">${icon("pencil", 16)}</span>
      </action-menu>
      <input type="file" accept="image/*" hidden @change=${this.chosen} />`;
  }

  private actions(): (MenuAction | null)[] {
    const remove = (): Promise<boolean> => attempt(() => deleteAvatar().then(loadSession));
    return [
      { label: t("avatar.choose"), icon: "add", run: () => this.input.click() },
      this.user.avatar_url === null
        ? null
        : { label: t("avatar.remove"), icon: "trash", isDanger: true, run: () => void remove() },
    ];
  }

  private chosen(): void {
    const file = this.input.files?.[0];
    this.input.value = "";
    if (file) void attempt(async () => putAvatar(await squareOf(file)).then(loadSession));
  }
}

/** The middle of a picture, small: where and with what it was taken stays behind. */
async function squareOf(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file).catch(() => null);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!picture || !context) throw new ApiError("avatar_unknown", "This is no picture that this browser can read.", 422);
  const { width, height } = picture;
  const side = Math.min(width, height);
  canvas.width = canvas.height = Math.min(SIDE, side);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, (width - side) / 2, (height - side) / 2, side, side, 0, 0, canvas.width, canvas.height);
  picture.close();
  const webp = await encode(canvas, "image/webp");
  if (webp.type === "image/webp") return webp;
  // Safari writes none; what is see-through would be black in a JPEG.
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  return encode(canvas, "image/jpeg");
}

function encode(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("the canvas is empty"))), type, QUALITY);
  });
}

declare global {
  interface HTMLElementTagNameMap {
    "avatar-menu": AvatarMenu;
  }
}
