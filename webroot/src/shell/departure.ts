/**
 * When the user of this page is gone, nothing of theirs stays: the sound stops, what this browser remembers of them is
 * forgotten, the screen is emptied, and the page begins anew, which empties its memory.
 */
import type { Session } from "../api/types";
import { forgetQueue } from "../player/memory";
import { loadLanguage } from "./i18n";
import { currentUser, loadSession, session } from "./session";
import { forget, recall } from "./storage";
import { takeUpTheme } from "./theme";

/** Call once, after the player was started: it lets go of the queue when the session changes, before we forget it. */
export function followDeparture(): void {
  let known = currentUser()?.id ?? null;
  session.subscribe(() => {
    const now = currentUser()?.id ?? null;
    if (known !== null && now !== known) depart(known);
    known = now;
  });
  const look = (): void => compare(known);
  // Another tab has signed out or in. The second is for a page that the back button takes out of the browser's cache.
  addEventListener("storage", (event) => event.key === "soundwave.session" && look());
  addEventListener("pageshow", (event) => event.persisted && look());
}

/** What the tabs remember in common is there without asking the server. */
function compare(known: string | null): void {
  const remembered = lastUser();
  if (remembered === known) return;
  if (known === null) void loadSession().catch(() => undefined);
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
  takeUpTheme();
  await loadLanguage();
}

function forgetTraces(userId: string): void {
  forgetQueue(userId);
  forget("theme");
  forget("language");
}

function depart(userId: string): void {
  forgetTraces(userId);
  document.body.replaceChildren();
  addEventListener("pageshow", () => location.reload());
  // Signed out by hand, the way back is not for whoever comes next; a session that ended leads back to where it was.
  if (session.value === null) location.replace(new URL("login/", document.baseURI));
  else location.reload();
}
