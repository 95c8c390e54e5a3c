/** The look of a track's row: a line of a table on a desk, two lines and a picture on a phone. */
import { css } from "lit";

export const rows = css`
  :host {
    display: flex;
    align-items: center;
    gap: var(--space-1);
    block-size: 64px;
    padding-inline: var(--space-2);
    border-radius: var(--radius-s);
    container: row / inline-size;
  }
  .main {
    position: relative;
    flex: 1;
    min-inline-size: 0;
    display: grid;
    grid-template-columns: 48px minmax(0, 1fr) auto;
    align-items: center;
    column-gap: var(--space-3);
    block-size: 100%;
    text-align: start;
    border-radius: var(--radius-s);
  }
  .main:focus-visible {
    outline-offset: -2px;
  }
  .picture {
    position: relative;
    inline-size: 48px;
  }
  .veil,
  .bars {
    position: absolute;
    inset: 0;
    border-radius: var(--radius-s);
    background: oklch(0.15 0.02 268 / 0.6);
    color: oklch(0.98 0 0);
  }
  .veil {
    display: grid;
    place-items: center;
    opacity: 0;
    transition: opacity var(--quick);
  }
  .bars {
    display: flex;
    align-items: end;
    justify-content: center;
    gap: 3px;
    padding-block-end: 15px;
  }
  .bars i {
    inline-size: 4px;
    block-size: 18px;
    border-radius: 2px;
    background: oklch(0.84 0.11 182);
    transform-origin: bottom;
    animation: bounce 900ms ease-in-out infinite alternate;
  }
  .bars i:nth-child(2) {
    animation-delay: -400ms;
  }
  .bars i:nth-child(3) {
    animation-delay: -700ms;
  }
  @keyframes bounce {
    from {
      transform: scaleY(0.3);
    }
  }
  .unseen {
    inset-inline-start: 0;
  }
  .words {
    display: grid;
    min-inline-size: 0;
  }
  .title {
    font-weight: 500;
  }
  [data-current] .title {
    color: var(--accent);
  }
  [data-missing] {
    cursor: default;
  }
  [data-missing] .picture {
    opacity: 0.4;
    filter: grayscale(1);
  }
  [data-missing] .title {
    color: var(--text-soft);
    font-weight: 400;
  }
  .kept {
    position: relative;
    display: inline-block;
    margin-inline-end: 4px;
    vertical-align: -2px;
    color: var(--accent);
  }
  .by,
  .from,
  .when,
  .length {
    color: var(--text-soft);
    font-size: var(--text-2);
  }
  .from,
  .when {
    display: none;
  }
  @container row (min-width: 720px) {
    .main {
      grid-template-columns: 48px minmax(0, 5fr) minmax(0, 3fr) 120px 64px;
    }
    .from,
    .when {
      display: block;
    }
    .length {
      text-align: end;
    }
  }
  @container row (max-width: 480px) {
    .heart[aria-pressed="false"] {
      display: none;
    }
  }
  @media (hover: hover) {
    :host(:hover) {
      background: var(--surface-2);
    }
    .main:hover .veil {
      opacity: 1;
    }
    .main:hover .bars {
      opacity: 0;
    }
  }
`;
