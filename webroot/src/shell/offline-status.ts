/** One quiet line: whether the server is there, what waits to be sent, when the last change came. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { icon, type IconName } from "../components/icons";
import { local } from "../offline/start";
import { waitingOf } from "../offline/waiting";
import { base } from "../styles/shared";
import { isOnline } from "./connection";
import { formatAgo } from "./format";
import { t } from "./i18n";
import { LocalReading } from "./local-reading";
import { findPage } from "./pages";
import { href } from "./router";
import { session } from "./session";
import { Store, Watch } from "./store";

/** How many changes of somebody's own wait to be sent; for who has no room for the line. */
export const waitingOps = new Store(0);

/** "3 minutes ago" grows old. */
const RENEW_MS = 60_000;

interface Line {
  icon: IconName;
  text: string;
  isTrouble?: boolean;
}

@customElement("offline-status")
export class OfflineStatus extends LitElement {
  /** Says nothing where there is nothing to worry about. */
  @property({ type: Boolean }) quiet = false;
  private readonly reading = new LocalReading(this, ["outbox", "parked"], async ({ db, outbox }) => ({
    waiting: waitingOf(await outbox.list()).changes.length,
    parked: await db.count("parked"),
  }));
  #unfollow: () => void = () => undefined;
  #end: () => void = () => undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  static override styles = [
    base,
    css`
      a {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        min-block-size: var(--target);
        padding: var(--space-1) var(--space-3);
        border-radius: var(--radius-s);
        color: var(--text-soft);
        font-size: var(--text-2);
        line-height: 1.3;
        text-decoration: none;
      }
      svg {
        flex: none;
      }
      [data-trouble] {
        color: var(--danger);
      }
      [data-moving] svg {
        animation: turn 1.6s linear infinite;
      }
      @keyframes turn {
        to {
          rotate: 360deg;
        }
      }
      @media (hover: hover) {
        a:hover {
          background: var(--surface-2);
        }
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, isOnline, session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#end = local.subscribe(() => this.#follow());
    this.#timer = setInterval(() => this.requestUpdate(), RENEW_MS);
    this.#follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.#end();
    this.#unfollow();
  }

  protected override willUpdate(): void {
    waitingOps.set(this.reading.value?.waiting ?? 0);
  }

  protected override render() {
    const line = this.line();
    if (!line) return nothing;
    const isMoving = line.icon === "retry";
    const content = html`${icon(line.icon, 18)}<span>${line.text}</span>`;
    const hasPage = session.value !== null && findPage(session.value, "/offline/") !== null;
    const address = line.icon === "lock" ? "/login/" : "/offline/";
    // How long ago it was all well is not read out each minute.
    return html`<div role="status" aria-live=${line.icon === "check" ? "off" : "polite"}>
      <a href=${hasPage ? href(address) : nothing} ?data-trouble=${line.isTrouble} ?data-moving=${isMoving}>${content}</a>
    </div>`;
  }

  /** What matters most; null where there is nothing to tell of. */
  private line(): Line | null {
    const drain = local.value?.drain.value;
    if (!drain) return isOnline.value ? null : { icon: "offline", text: t("status.offline") };
    const { isSyncing, lastSyncAt, trouble } = drain;
    const { waiting: count, parked } = this.reading.value ?? { waiting: 0, parked: 0 };
    const waiting = count > 0 ? t("status.waiting", { count }) : "";
    if (trouble === "signed-out") return { icon: "lock", text: said(t("status.signedOut"), waiting), isTrouble: true };
    if (parked > 0) return { icon: "warning", text: t("status.parked", { count: parked }), isTrouble: true };
    if (!isOnline.value || trouble === "offline") return { icon: "offline", text: said(t("status.offline"), waiting) };
    if (trouble === "refused") return { icon: "warning", text: said(t("status.refused"), waiting), isTrouble: true };
    if (trouble === "busy") return { icon: "queue", text: said(t("status.busy"), waiting) };
    if (trouble === "absent" || trouble === "full" || trouble === "broken") {
      return { icon: "warning", text: said(t(`status.${trouble}`), waiting), isTrouble: true };
    }
    if (isSyncing && count > 0) return { icon: "retry", text: t("status.syncing", { count }) };
    if (count > 0) return { icon: "queue", text: waiting };
    return lastSyncAt && !this.quiet ? { icon: "check", text: t("status.synced", { when: formatAgo(lastSyncAt) }) } : null;
  }

  #follow(): void {
    this.#unfollow();
    this.#unfollow = local.value?.drain.subscribe(() => this.requestUpdate()) ?? (() => undefined);
    this.requestUpdate();
  }
}

const said = (...parts: readonly string[]): string => parts.filter(Boolean).join(" · ");

declare global {
  interface HTMLElementTagNameMap {
    "offline-status": OfflineStatus;
  }
}
