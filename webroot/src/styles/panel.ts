/** The queue: above the player bar on a desk, a sheet on a phone. */
import { css } from "lit";

export const panel = css`
  #panel {
    inset: auto var(--space-4) calc(var(--player-height) + var(--space-3)) auto;
    inline-size: 420px;
    max-inline-size: calc(100vw - 32px);
    max-block-size: min(70dvh, 720px);
    padding: 0 var(--space-3) var(--space-3);
  }
  .top {
    position: sticky;
    inset-block-start: 0;
    z-index: 1;
    display: flex;
    align-items: center;
    gap: var(--space-1);
    padding: var(--space-3) 0 var(--space-2) var(--space-2);
    background: var(--surface-1);
  }
  .top > div {
    flex: 1;
    min-inline-size: 0;
  }
  h3 {
    padding: var(--space-3) var(--space-2) var(--space-1);
    color: var(--text-soft);
    font-size: var(--text-2);
    font-weight: 600;
  }
  .empty {
    padding: var(--space-2);
  }
  .line {
    display: flex;
    align-items: center;
    border-radius: var(--radius-s);
  }
  .line .icon-button {
    inline-size: 38px;
  }
  .main {
    position: relative;
    flex: 1;
    min-inline-size: 0;
    display: flex;
    align-items: center;
    gap: var(--space-3);
    min-block-size: 56px;
    padding-inline: var(--space-2);
    text-align: start;
    border-radius: var(--radius-s);
  }
  .main:focus-visible {
    outline-offset: -2px;
  }
  artwork-image {
    inline-size: 40px;
  }
  .words {
    display: grid;
    min-inline-size: 0;
  }
  [data-current] .title {
    color: var(--accent);
    font-weight: 600;
  }
  [data-away] .main {
    cursor: default;
    opacity: 0.6;
  }
  @media (hover: hover) {
    .line:hover {
      background: var(--surface-2);
    }
  }
  @media (max-width: 599px) {
    #panel {
      inset: auto 0 0 0;
      inline-size: 100vw;
      max-inline-size: 100vw;
      max-block-size: 85dvh;
    }
  }
`;
