/** Filled in by build.mjs: the address of each language's catalogue, relative to <base>. */
declare const SOUNDWAVE_LOCALES: Readonly<Record<string, string>>;

/** Trusted Types, as far as they are used here (https://w3c.github.io/trusted-types/). */
interface TrustedPolicy {
  createScriptURL(input: string): string;
}
interface Window {
  readonly trustedTypes?: {
    createPolicy(name: string, rules: { createScriptURL(input: string): string }): TrustedPolicy;
  };
}
