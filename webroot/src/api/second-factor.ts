/** The second factor: what an authenticator app counts, and the recovery codes for when it is lost. */
import { api, take } from "./client";
import type { PendingFactor, SecondFactor } from "./types";

const PATH = "/api/user/second-factor/";
const CODES = "/api/user/second-factor/recovery-codes/";

export const getSecondFactor = (): Promise<SecondFactor> => take(api.GET(PATH));

/** A new secret, which is not in force before a code of it was given. Where one is in force, `code` is of that. */
export const beginSecondFactor = (code: string | null): Promise<PendingFactor> => take(api.POST(PATH, { body: { code } }));

/** The recovery codes, shown once. */
export async function proveSecondFactor(code: string): Promise<string[]> {
  return (await take(api.PUT(PATH, { body: { code } }))).recovery_codes;
}

export const endSecondFactor = (code: string): Promise<void> => take(api.DELETE(PATH, { body: { code } }));

/** New ones; the old ones are void. */
export async function renewRecoveryCodes(code: string): Promise<string[]> {
  return (await take(api.POST(CODES, { body: { code } }))).recovery_codes;
}
