/** Who is signed in, which pages they have, and the token that writes need. */
import { getSession } from "../api/account";
import { ApiError } from "../api/errors";
import { wire } from "../api/transport";
import type { Session, SignedIn, User } from "../api/types";
import { sawAnswer, sawSilence } from "./connection";
import { takeUpPreferences } from "./preferences";
import { recall, remember } from "./storage";
import { Store } from "./store";

/** Null until the first answer. */
export const session = new Store<Session | null>(null);

const PATIENCE_MS = 1_500;

let loading: Promise<void> | null = null;
/** The server said that this session, which was in use then, has ended. Nobody is asked in before `endIfOver`. */
export const isOver = new Store(false);
let inUse: () => boolean = () => false;

export function currentUser(): User | null {
  return session.value?.user ?? null;
}

/** Ask the server who we are. Where it cannot say, the last known session opens the app. */
export function loadSession(): Promise<void> {
  return loading ?? begin(load());
}

/**
 * At the start: where the server takes its time, the last known session opens the app meanwhile, and the answer, when it
 * comes, has the last word.
 */
export async function openSession(): Promise<void> {
  const asked = loadSession();
  const known = recall<Session>("session");
  if (!known?.user) return asked;
  await Promise.race([asked, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
  if (session.value !== null) return;
  asked.catch(() => undefined);
  session.set(known);
}

/** A session that ends while this says yes stays as it was, until `endIfOver`: what plays from the device plays on. */
export function stayWhile(isInUse: () => boolean): void {
  inUse = isInUse;
}

export function isSessionInUse(): boolean {
  return currentUser() !== null && inUse();
}

/**
 * It is in use no more, or its user looks for the way in: the server is asked once more, as another tab may have signed in
 * meanwhile. Whether it had ended.
 */
export function endIfOver(): boolean {
  if (!isOver.value) return false;
  begin(load({ isToStay: false })).catch(() => undefined);
  return true;
}

/** After login and registration: the answer carries the user, the session the pages. */
export function enter(answer: SignedIn): Promise<void> {
  wire.csrfToken = answer.csrf_token;
  // In this order, so that the first screen is drawn in the user's language; an answer that names them is no news yet.
  return begin(
    takeUpPreferences()
      .catch(() => undefined)
      .then(() => load()),
  );
}

/** What every answer tells about the session. Call once, before the first request. */
export function followAnswers(): void {
  wire.listener = {
    answered(userId) {
      sawAnswer();
      const known = currentUser()?.id ?? null;
      // A session from memory has no token yet: the server is back, so ask for it. One that had ended is there again.
      const isIncomplete = known !== null && (wire.csrfToken === null || isOver.value);
      const isNews = userId === known ? isIncomplete : userId !== null || !isOver.value;
      if (!loading && session.value && isNews) void loadSession().catch(() => undefined);
    },
    unreachable: sawSilence,
    unauthorized() {
      if (!loading && !isOver.value) void loadSession().catch(() => undefined);
    },
  };
}

/** Until it has come to its end, nobody else asks. */
function begin(asked: Promise<void>): Promise<void> {
  const mine: Promise<void> = asked.finally(() => {
    if (loading === mine) loading = null;
  });
  loading = mine;
  return mine;
}

async function load({ isToStay = true } = {}): Promise<void> {
  try {
    const answer = await getSession();
    wire.csrfToken = answer.csrf_token;
    const hasEnded = answer.user === null && isToStay && isSessionInUse();
    if (!hasEnded) take(answer);
    isOver.set(hasEnded);
  } catch (error) {
    const known = recall<Session>("session");
    if (!(error instanceof ApiError) || !error.isAway || !known) throw error;
    isOver.set(false);
    session.set(known);
  }
}

function take(answer: Session): void {
  remember("session", { ...answer, csrf_token: null });
  session.set(answer);
}
