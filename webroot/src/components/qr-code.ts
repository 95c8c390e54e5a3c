/** A text for the camera of another device: dark on light in both themes, as readers want it. */
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { encode } from "uqr";

/** Modules of quiet around it (ISO/IEC 18004 section 5.3.8). */
const MARGIN = 4;

@customElement("qr-code")
export class QrCode extends LitElement {
  @property() text = "";
  @property() label = "";

  static override styles = css`
    :host {
      display: block;
    }
    svg {
      display: block;
      inline-size: 100%;
      block-size: auto;
      border-radius: 8px;
    }
  `;

  protected override render() {
    const { data, size } = encode(this.text, { ecc: "M", border: MARGIN });
    return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label=${this.label} shape-rendering="crispEdges">
      <rect width=${size} height=${size} fill="#fff" />
      <path d=${pathOf(data)} fill="#000" />
    </svg>`;
  }
}

/** One stroke for each run of dark modules. */
function pathOf(rows: readonly (readonly boolean[])[]): string {
  const runs = rows.flatMap((row, y) =>
    row.flatMap((isDark, x) => {
      if (!isDark || row[x - 1]) return [];
      const end = row.indexOf(false, x);
      return [`M${x} ${y}h${(end < 0 ? row.length : end) - x}v1H${x}z`];
    }),
  );
  return runs.join("");
}

declare global {
  interface HTMLElementTagNameMap {
    "qr-code": QrCode;
  }
}
