/** Is the server there? Decided by real requests: navigator.onLine knows nothing of a home server. */
import { ping } from "../api/system";
import { Store } from "./store";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

export const isOnline = new Store(true);

let waitMs = FIRST_WAIT_MS;
let timer: ReturnType<typeof setTimeout> | undefined;

export function sawAnswer(): void {
  clearTimeout(timer);
  timer = undefined;
  waitMs = FIRST_WAIT_MS;
  isOnline.set(true);
}

export function sawSilence(): void {
  isOnline.set(false);
  if (timer !== undefined) return;
  timer = setTimeout(() => {
    timer = undefined;
    void probe();
  }, waitMs);
  waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
}

/** Ask at once when the device has a network again, and when somebody looks again. Call once. */
export function followNetwork(): void {
  addEventListener("online", () => void probe());
  addEventListener("offline", () => void probe());
  document.addEventListener("visibilitychange", () => !document.hidden && !isOnline.value && void probe());
}

/** Ask now; the answer, or its absence, changes `isOnline`. */
export async function probe(): Promise<void> {
  await ping().catch(() => undefined);
}
