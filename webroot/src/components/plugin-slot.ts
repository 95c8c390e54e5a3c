/** A place that plugins fill. Where none does, or its script is broken, there is nothing. */
import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { SlotView } from "../api/types";
import { makeElement } from "../shell/plugins";
import { session } from "../shell/session";
import { Watch } from "../shell/store";

export type SlotPlace = "playlist-actions" | "track-actions" | "settings";

const FOCUSABLE = "button, a[href], input, select";
const broken = new Set<string>();

@customElement("plugin-slot")
export class PluginSlot extends LitElement {
  @property() place: SlotPlace = "settings";
  /** Set on every element as properties: `playlistId` in playlist-actions, `track` in track-actions. */
  @property({ attribute: false }) context: Readonly<Record<string, unknown>> = {};
  @state() private elements: readonly HTMLElement[] = [];
  private shown = "";

  static override styles = css`
    :host {
      display: contents;
    }
  `;

  constructor() {
    super();
    new Watch(this, session);
  }

  protected override willUpdate(): void {
    const slots = (session.value?.slots ?? []).filter((slot) => slot.place === this.place);
    const wanted = JSON.stringify(slots);
    if (wanted !== this.shown) void this.fill(slots);
    this.shown = wanted;
    for (const element of this.elements) Object.assign(element, this.context);
  }

  protected override render() {
    return html`${this.elements}`;
  }

  protected override updated(changed: Map<string, unknown>): void {
    if (changed.has("elements") && this.elements.length > 0) {
      this.dispatchEvent(new Event("slot-filled", { bubbles: true }));
    }
  }

  /** What can be focused in each element, for the menu's arrow keys. */
  get stops(): HTMLElement[] {
    return this.elements.flatMap((element) => [
      ...(element.shadowRoot ?? element).querySelectorAll<HTMLElement>(FOCUSABLE),
    ]);
  }

  private async fill(slots: readonly SlotView[]): Promise<void> {
    const made = await Promise.all(slots.map(make));
    this.elements = made.filter((element) => element !== null);
  }
}

/** Null for a broken one; the console is told once. */
async function make(slot: SlotView): Promise<HTMLElement | null> {
  try {
    return await makeElement(slot.plugin, slot.module, slot.element);
  } catch (error) {
    const name = `${slot.plugin}: ${slot.element}`;
    if (!broken.has(name)) console.warn(`${name} cannot be shown.`, error);
    broken.add(name);
    return null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "plugin-slot": PluginSlot;
  }
}
