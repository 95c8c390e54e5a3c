/** What only the server can tell: asked for when the element is shown, and again each time when the server is back. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

import { isOnline } from "../shell/connection";

export class WhenOnline implements ReactiveController {
  #end: () => void = () => undefined;

  /** `load` must not reject. */
  constructor(
    host: ReactiveControllerHost,
    private readonly load: () => Promise<void>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#end = isOnline.subscribe(() => void (isOnline.value && this.load()));
    void this.load();
  }

  hostDisconnected(): void {
    this.#end();
  }
}
