/** The frame: navigation, the page, the player, messages. */
import { html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import type { PageView } from "../api/types";
import "../components/empty-state";
import { icon, logo } from "../components/icons";
import "../player/player-bar";
import { player } from "../player/player";
import { shell } from "../styles/shell";
import { base, buttons } from "../styles/shared";
import { boot } from "./boot";
import { isOnline, probe } from "./connection";
import { t, tryT } from "./i18n";
import { waitingOps } from "./offline-status";
import { findPage, makePage, titleOf } from "./pages";
import { loadPlaylists, playlists } from "./playlists";
import { href, navigate, router } from "./router";
import { endIfOver, session } from "./session";
import "./side-bar";
import { Watch } from "./store";
import "./tab-bar";
import "./toast-stack";

const DOORS = ["/login/", "/setup/"];
/** Before the words have come, in English. */
const TROUBLES = {
  unreachable: ["start.unreachable", "The server does not answer"],
  refused: ["start.refused", "Something went wrong at the start"],
} as const;

@customElement("app-shell")
export class AppShell extends LitElement {
  @state() private page: HTMLElement | null = null;
  @state() private trouble: "missing" | "broken" | null = null;
  @query("main") private main!: HTMLElement | null;

  private shown = "";
  private userId: string | null = null;

  static override styles = [base, buttons, shell];

  constructor() {
    super();
    new Watch(this, boot, session, isOnline, player.changes, waitingOps);
    for (const store of [boot, session, router]) store.subscribe(() => this.route());
  }

  protected override render() {
    document.documentElement.toggleAttribute("data-player", this.isInside && player.current !== null);
    if (boot.value !== "ready") return this.renderStart();
    return html`
      <header><a class="skip button" href="#main" @click=${this.skip}>${t("shell.skip")}</a></header>
      ${this.isInside ? html`<side-bar></side-bar>` : nothing}
      <div class="content ${this.isInside ? "" : "alone"}">
        ${isOnline.value ? nothing : this.renderOffline()}
        ${this.isInside && isOnline.value ? html`<offline-status quiet></offline-status>` : nothing}
        <main id="main" tabindex="-1">${this.trouble ? this.renderTrouble(this.trouble) : (this.page ?? nothing)}</main>
      </div>
      ${this.isInside ? html`<tab-bar></tab-bar><player-bar></player-bar>` : nothing}
      <toast-stack></toast-stack>
    `;
  }

  private get isInside(): boolean {
    return session.value?.user != null;
  }

  /** Find the page of this place, or send the user where they belong. */
  private route(): void {
    if (boot.value !== "ready" || !session.value) return;
    this.followUser();
    const { path } = router.value;
    const { user, is_setup_open } = session.value;
    if (user && DOORS.includes(path) && endIfOver()) return;
    if (user && DOORS.includes(path)) return navigate(this.wanted(), { replace: true });
    if (!user && !DOORS.includes(path)) {
      const next = path === "/" ? "" : `?next=${encodeURIComponent(path + location.search)}`;
      return navigate(is_setup_open ? "/setup" : `/login/${next}`, { replace: true });
    }
    const page = findPage(session.value, path);
    if (path !== this.shown) void this.show(path, page);
  }

  private async show(path: string, page: PageView | null): Promise<void> {
    const isFirst = this.shown === "";
    this.shown = path;
    this.trouble = page ? null : "missing";
    document.title = page ? `${titleOf(page)} · SoundWave` : "SoundWave";
    if (!page) return;
    const element = await makePage(page).catch((error: unknown) => {
      console.warn(error);
      return null;
    });
    if (this.shown !== path) return;
    this.page = element;
    this.trouble = element ? null : "broken";
    if (isFirst) return;
    await this.updateComplete;
    scrollTo(0, 0);
    this.main?.focus({ preventScroll: true });
  }

  private followUser(): void {
    const now = session.value?.user?.id ?? null;
    if (now === this.userId) return;
    this.userId = now;
    this.shown = "";
    this.page = null;
    playlists.set(null);
    if (now) void loadPlaylists().catch(() => undefined);
  }

  /** Only a path of ours: an address from outside would be an open door. */
  private wanted(): string {
    const next = router.value.query.get("next") ?? "/";
    return /^\/([^/\\\s]|$)/.test(next) ? next : "/"; // browsers read /\ and a tab as the beginning of another host
  }

  private skip(event: Event): void {
    event.preventDefault();
    this.main?.focus();
  }

  private renderStart() {
    if (boot.value === "starting") return html`<div class="start" aria-busy="true">${logo(64)}</div>`;
    const [key, text] = TROUBLES[boot.value === "refused" ? "refused" : "unreachable"];
    return html`<main class="start">
      ${logo(64)}
      <h1>${tryT(key, text)}</h1>
      <button class="button primary" @click=${() => location.reload()}>${tryT("action.retry", "Try again")}</button>
    </main>`;
  }

  private renderOffline() {
    const waiting = waitingOps.value > 0 ? ` · ${t("status.waiting", { count: waitingOps.value })}` : "";
    return html`<div class="offline" role="status">
      ${icon("offline", 20)}<span>${t("shell.offline")}${waiting}</span>
      <button class="button quiet" aria-label=${t("action.retry")} @click=${() => void probe()}>
        ${icon("retry", 20)}<span class="wide">${t("action.retry")}</span>
      </button>
    </div>`;
  }

  private renderTrouble(trouble: "missing" | "broken") {
    return html`<empty-state icon="warning" heading=${t(`shell.${trouble}`)} text=${t(`shell.${trouble}Text`)}>
      ${trouble === "missing"
        ? html`<a class="button primary" href=${href("/")}>${t("shell.home")}</a>`
        : html`<button class="button primary" @click=${() => location.reload()}>${t("update.reload")}</button>`}
    </empty-state>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "app-shell": AppShell;
  }
}
