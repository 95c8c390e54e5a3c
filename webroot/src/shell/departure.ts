/**
 * When the user of this page is gone, nothing of theirs stays: the sound stops, what this browser remembers of them is
 * forgotten, the screen is emptied, and the page begins anew, which empties its memory.
 */
import type { Session } from "../api/types";
import { forgetQueue } from "../player/memory";
import { currentUser, loadSession, session } from "./session";
import { forget, recall } from "./storage";

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
  const remembered = recall<Session>("session")?.user?.id ?? null;
  if (remembered === known) return;
  if (known === null) void loadSession().catch(() => undefined);
  else session.set(null);
}

function depart(userId: string): void {
  forgetQueue(userId);
  forget("theme");
  forget("language");
  document.body.replaceChildren();
  addEventListener("pageshow", () => location.reload());
  // Signed out by hand, the way back is not for whoever comes next; a session that ended leads back to where it was.
  if (session.value === null) location.replace(new URL("login/", document.baseURI));
  else location.reload();
}
