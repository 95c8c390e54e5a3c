/** Short messages at the edge of the screen, read out politely. */
import { explain } from "./i18n";
import { hasCode, isAbort, NOT_CONFIRMED } from "../api/errors";
import { Store } from "./store";

export interface Toast {
  id: number;
  text: string;
  kind: "info" | "error";
  action?: { label: string; run: () => void } | undefined;
  /** Stays until it is closed. */
  stays?: boolean | undefined;
}

const SHOWN_MS = 5_000;
const MOST = 3;

export const toasts = new Store<readonly Toast[]>([]);
let last = 0;

/** Shows it and returns its id, by which it is dismissed. */
export function toast(text: string, options: Partial<Omit<Toast, "id" | "text">> = {}): number {
  const id = ++last;
  const others = toasts.value.filter((one) => one.text !== text);
  const added: Toast = { id, text, kind: "info", ...options };
  toasts.set([...others, added].slice(-MOST));
  if (!options.stays) setTimeout(() => dismiss(id), options.action ? SHOWN_MS * 2 : SHOWN_MS);
  return id;
}

export function dismiss(id: number): void {
  toasts.set(toasts.value.filter((one) => one.id !== id));
}

/** Tell the user what went wrong; a request that we gave up ourselves is no news, one that they gave up no error. */
export function toastError(error: unknown): void {
  if (!isAbort(error)) toast(explain(error), { kind: hasCode(error, NOT_CONFIRMED) ? "info" : "error" });
}

/** Do it; where it fails, say so. Resolves true where it worked. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}
