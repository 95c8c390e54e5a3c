/** What this browser remembers. Every name begins with "soundwave."; where storage is denied, nothing is kept. */

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(`soundwave.${name}`, JSON.stringify(value));
  } catch {
    // Full or denied: the app works without.
  }
}

export function recall<T>(name: string): T | null {
  try {
    const text = localStorage.getItem(`soundwave.${name}`);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(`soundwave.${name}`);
  } catch {
    // Denied: then there is nothing to forget.
  }
}
