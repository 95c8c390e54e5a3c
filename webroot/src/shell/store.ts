/** A value that elements can watch. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

export interface Watchable {
  subscribe(listener: () => void): () => void;
}

export class Store<T> implements Watchable {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.changed();
  }

  /** Call after changing something inside the value. */
  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** `new Watch(this, session, router)`: the element renders again when one of them changes. */
export class Watch implements ReactiveController {
  readonly #stores: readonly Watchable[];
  #ends: (() => void)[] = [];

  constructor(
    private readonly host: ReactiveControllerHost,
    ...stores: Watchable[]
  ) {
    this.#stores = stores;
    host.addController(this);
  }

  hostConnected(): void {
    this.#ends = this.#stores.map((store) => store.subscribe(() => this.host.requestUpdate()));
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    for (const end of this.#ends) end();
  }
}
