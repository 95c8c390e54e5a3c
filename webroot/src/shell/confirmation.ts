/** Where the server wants the password again, one dialog asks for it, however many requests are waiting. */
import { wire } from "../api/transport";

let asking: Promise<boolean> | null = null;

/** Call once, before the first request. */
export function followRefusals(): void {
  wire.confirm = () => (asking ??= ask().finally(() => (asking = null)));
}

async function ask(): Promise<boolean> {
  const { askPassword } = await import("../components/password-dialog");
  return askPassword();
}
