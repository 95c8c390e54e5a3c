/** The thin line over a phone's player bar: only to be seen, the sheet has the real one. */
import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";

import { Watch } from "../shell/store";
import { base } from "../styles/shared";
import { player } from "./player";

@customElement("small-progress")
export class SmallProgress extends LitElement {
  static override styles = [
    base,
    css`
      div {
        block-size: 2px;
        background: linear-gradient(to right, var(--accent) var(--done, 0%), transparent var(--done, 0%));
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, player.time, player.changes);
  }

  protected override render() {
    const done = player.duration > 0 ? (player.position / player.duration) * 100 : 0;
    return html`<div aria-hidden="true" .style=${`--done: ${done.toFixed(1)}%`}></div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "small-progress": SmallProgress;
  }
}
