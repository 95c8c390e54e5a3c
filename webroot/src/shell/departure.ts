/**
 * When the user of this page is gone, nothing of theirs stays: the sound stops, what this browser remembers of them is
 * forgotten, the screen is emptied, and the page begins anew, which empties its memory. Who signs out takes along what they
 * kept on this device; where a session merely ended, that waits for them, and for nobody else.
 */
import { getSession, signOut as postSignOut } from "../api/account";
import { ApiError, hasCode } from "../api/errors";
import { wire } from "../api/transport";
import type { Session } from "../api/types";
import { abortFetches } from "../offline/background";
import { openChannel } from "../offline/channel";
import { getDeviceState, setDeviceState } from "../offline/database";
import { letGo } from "../offline/start";
import { announceWipe, finishWipe, wipe, type WipeDeps } from "../offline/wipe";
import { sawAnswer, sawSilence } from "./connection";
import { loadLanguage, t } from "./i18n";
import { currentUser, isSessionInUse, loadSession, session } from "./session";
import { forget, recall, remember, rememberedNames, storageName } from "./storage";
import { takeUpTheme } from "./theme";
import { toast } from "./toasts";

const base = new URL(document.baseURI).pathname;
const channel = openChannel(base);
/** What a start waits for when an earlier wipe is finished; it then goes on beside the app. */
const PATIENCE_MS = 3_000;
let isLeaving = false;
/** Whether what the tabs remember in common has become another's. */
let look: () => void = () => undefined;
/** Whether nothing is here any more of those who left before. */
let isWiped: Promise<boolean> = Promise.resolve(true);

/** Call once, after the player was started: it lets go of the queue when the session changes, before we forget it. */
export function followDeparture(): void {
  let known = currentUser()?.id ?? null;
  session.subscribe(() => {
    const now = currentUser()?.id ?? null;
    if (isLeaving) return;
    if (known !== null && now !== known) depart(known);
    known = now;
  });
  look = (): void => compare(known);
  // Another tab has signed out or in. The second is for a page that the back button takes out of the browser's cache.
  addEventListener("storage", (event) => event.key === storageName("session") && look());
  addEventListener("pageshow", (event) => event.persisted && look());
  channel.listen((message) => {
    if (message.type === "wiped" && message.user === known && !isLeaving) session.set(null);
  });
  void isWiped.then((isAllGone) => isAllGone || toast(t("leave.left"), { kind: "error", stays: true }));
}

/**
 * What the tabs remember in common is there without asking the server. Where another tab only found that the session had
 * ended, what sounds in this one plays on; where somebody signed out there, it says so.
 */
function compare(known: string | null): void {
  const remembered = lastUser();
  if (remembered === known || isLeaving) return;
  if (known === null || (remembered === null && isSessionInUse())) void loadSession().catch(() => undefined);
  else session.set(null);
}

/** Whom this browser knew when it last looked; null for nobody. Ask before the session is loaded. */
export function lastUser(): string | null {
  return recall<Session>("session")?.user?.id ?? null;
}

/** The same where the session ended, or became another's, while no page was open: forgotten at the next start. */
export async function forgetLastUser(userId: string | null): Promise<void> {
  if (userId === null || userId === currentUser()?.id) return;
  forgetTraces(userId);
  forgetLook();
  takeUpTheme();
  await loadLanguage();
}

/**
 * From now on no answer changes who is here: a session that ended meanwhile must not end the page before what was kept is
 * gone. Whoever stays after all calls the result.
 */
export function prepareToLeave(): () => void {
  const { listener } = wire;
  isLeaving = true;
  wire.listener = { answered: sawAnswer, unreachable: sawSilence, unauthorized: () => undefined };
  return () => {
    isLeaving = false;
    wire.listener = listener;
    session.changed();
    // Another tab may have been quicker.
    look();
  };
}

/**
 * Sign out, here and in the other tabs, and leave nothing behind. Where the server is away, or at fault itself, the session
 * is ended at the next contact (`finishDeparture`). Rejects where the server would not end it; then everything is as it was.
 */
export async function leave(userId: string): Promise<void> {
  if (!(await endSession(userId))) {
    await setDeviceState(base, "leaving", userId).catch(() => remember("leaving", userId));
  }
  // First, so that no other tab holds up what this one has to let go of.
  await announceWipe(userId, { base, channel });
  await letGo();
  await wipeHere(userId).catch((error: unknown) => console.warn("not all is gone:", error));
  forget("session");
  isLeaving = false;
  session.set(null);
}

/** What somebody could not finish when they left. Call before the session is loaded; rejects while the server is away. */
export async function finishDeparture(): Promise<void> {
  isWiped = finishWipe(wipeDeps()).catch((error: unknown) => {
    console.warn("not all is gone:", error);
    // A browser that keeps nothing has nothing to forget.
    return true;
  });
  await Promise.race([isWiped, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
  const leaving = recall<string>("leaving") ?? (await getDeviceState(base, "leaving").catch(() => null));
  if (leaving === null) return;
  if (!(await endSession(leaving))) throw new ApiError("no_answer", "The server does not answer.", 0);
  wire.csrfToken = null;
  forget("leaving");
  await setDeviceState(base, "leaving", null).catch(() => undefined);
}

/** Take away what somebody left on this device: oneself, or who was here before. */
export function wipeHere(userId: string): Promise<void> {
  return wipe(userId, wipeDeps());
}

/** Whether the server has ended it, or had done so before; false where it does not answer. Never somebody else's. */
async function endSession(userId: string): Promise<boolean> {
  const isTokenKnown = wire.csrfToken !== null;
  try {
    // Of a session that was opened from memory there is no token yet.
    if (wire.csrfToken === null) {
      const answer = await getSession();
      if (answer.user?.id !== userId) return true;
      wire.csrfToken = answer.csrf_token;
    }
    await postSignOut();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.isAway) return false;
    // In another tab they have a newer session, as after a new password: it has another token.
    if (isTokenKnown && hasCode(error, "csrf_failed")) {
      wire.csrfToken = null;
      return endSession(userId);
    }
    if (error.status !== 401) throw error;
    return true;
  }
}

function wipeDeps(): WipeDeps {
  return {
    base,
    channel,
    forgetTraces,
    caches: "caches" in window ? caches : undefined,
    locks: navigator.locks as LockManager | undefined,
    abortFetches,
  };
}

function forgetTraces(userId: string): void {
  for (const name of rememberedNames()) if (name.includes(userId)) forget(name);
  if (lastUser() !== userId) return;
  forget("session");
  forgetLook();
}

function forgetLook(): void {
  forget("theme");
  forget("language");
}

function depart(userId: string): void {
  forgetTraces(userId);
  forgetLook();
  document.body.replaceChildren();
  addEventListener("pageshow", () => location.reload());
  // Signed out by hand, the way back is not for whoever comes next; a session that ended leads back to where it was.
  if (session.value === null) location.replace(new URL("login/", document.baseURI));
  else location.reload();
}
