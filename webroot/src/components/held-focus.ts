/** The keyboard's place in an element whose parts come, go and change places: it is never lost. */
import type { LitElement, ReactiveController } from "lit";

const STOPS = "a[href], button, input, select, action-menu";

/** What has the focus keeps it; where that is gone, what stands in its place gets it, else the page. */
export class HeldFocus implements ReactiveController {
  #held: { element: HTMLElement; place: number } | null = null;

  /** `isGone`: whether what is no longer drawn is gone for good. */
  constructor(
    private readonly host: LitElement,
    private readonly isGone = true,
  ) {
    host.addController(this);
  }

  hostUpdate(): void {
    const { shadowRoot } = this.host;
    const stop = shadowRoot?.activeElement;
    this.#held = shadowRoot && stop ? { element: deepest(stop), place: this.#stops().indexOf(stop as HTMLElement) } : null;
  }

  hostUpdated(): void {
    const held = this.#held;
    this.#held = null;
    if (!held || this.host.shadowRoot?.activeElement) return;
    if (held.element.isConnected) return held.element.focus();
    // What stands there may be new, and is drawn by then.
    if (this.isGone) requestAnimationFrame(() => this.#goOn(held.place));
  }

  #goOn(place: number): void {
    const stops = this.#stops();
    for (const stop of [...stops.slice(place), ...stops.slice(0, place).reverse(), pageOf(this.host)]) {
      if (document.activeElement !== document.body) return;
      stop?.focus();
    }
  }

  #stops(): HTMLElement[] {
    return [...(this.host.shadowRoot?.querySelectorAll<HTMLElement>(STOPS) ?? [])];
  }
}

function deepest(element: Element): HTMLElement {
  const inner = element.shadowRoot?.activeElement;
  return inner ? deepest(inner) : (element as HTMLElement);
}

/** What holds the page, and can be focused as when another page is opened. */
function pageOf(element: HTMLElement): HTMLElement | null {
  for (let at: Node | null = element; at; at = at instanceof ShadowRoot ? at.host : at.parentNode) {
    if (at instanceof HTMLElement && at.localName === "main") return at;
  }
  return null;
}
