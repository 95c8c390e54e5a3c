/** Of node, what is used here. */
declare module "node:test" {
  export function test(name: string, run: () => void | Promise<void>): void;
  export const mock: { timers: { enable(options: { apis: string[] }): void; tick(milliseconds: number): void; reset(): void } };
}
declare module "node:assert/strict" {
  interface Assert {
    (value: unknown, message?: string): asserts value;
    equal(actual: unknown, expected: unknown, message?: string): void;
    notEqual(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    throws(run: () => unknown, error?: unknown): void;
    rejects(run: Promise<unknown>, error?: unknown): Promise<void>;
  }
  const assert: Assert;
  export default assert;
}
declare module "node:fs" {
  export function readFileSync(path: string, encoding: "utf8"): string;
  export function writeFileSync(path: string, text: string): void;
}
declare const process: {
  env: Record<string, string | undefined>;
  argv: string[];
  stdin: unknown;
  stdout: { write(text: string): void };
  exit(code: number): never;
};
declare module "node:async_hooks" {
  export class AsyncLocalStorage<T> {
    run<R>(value: T, work: () => R): R;
    getStore(): T | undefined;
  }
}
declare module "node:readline" {
  export function createInterface(from: { input: unknown }): { on(event: "line", listener: (line: string) => void): void; close(): void };
}
declare function setImmediate(run: () => void): void;
