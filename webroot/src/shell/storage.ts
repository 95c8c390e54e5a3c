/**
 * What this browser remembers. Two servers behind one host name differ by their path, so that it is in every name; where
 * storage is denied, nothing is kept.
 */

/** How something is called in `localStorage`: "soundwave:/music/.queue.ID". */
export const storageName = (name: string): string => `soundwave:${new URL(document.baseURI).pathname}.${name}`;

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(storageName(name), JSON.stringify(value));
  } catch {
    // Full or denied: the app works without.
  }
}

export function recall<T>(name: string): T | null {
  try {
    const text = localStorage.getItem(storageName(name));
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(storageName(name));
  } catch {
    // Denied: then there is nothing to forget.
  }
}

/** What is remembered, by the names that `forget` takes. */
export function rememberedNames(): string[] {
  const start = storageName("");
  try {
    const names = Array.from({ length: localStorage.length }, (_, n) => localStorage.key(n) ?? "");
    return names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  } catch {
    return [];
  }
}
