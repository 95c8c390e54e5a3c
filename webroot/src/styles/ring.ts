/** A ring that fills: how far something is. */
import { css } from "lit";

export const ring = css`
  .ring {
    flex: none;
    rotate: -90deg;
  }
  .ring circle {
    fill: none;
    stroke: currentColor;
    opacity: 0.25;
    stroke-width: 3;
  }
  .ring .done {
    stroke: var(--accent);
    opacity: 1;
    transition: stroke-dasharray 400ms linear;
  }
`;
