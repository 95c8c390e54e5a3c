/** The player bar. */
import { css } from "lit";

export const bar = css`
  .bar {
    position: fixed;
    inset: auto 0 0 0;
    z-index: 20;
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(320px, 1.4fr) minmax(0, 1fr);
    align-items: center;
    gap: var(--space-4);
    block-size: var(--player-height);
    padding-inline: var(--space-4);
    background: var(--surface-1);
    border-block-start: 1px solid var(--line);
  }
  .track {
    position: relative;
    display: flex;
    align-items: center;
    gap: var(--space-3);
    min-inline-size: 0;
  }
  .track artwork-image {
    inline-size: 56px;
  }
  .words {
    min-inline-size: 0;
  }
  .title {
    font-weight: 600;
  }
  .opener,
  .small-controls,
  .thin {
    display: none;
  }
  .middle {
    display: grid;
    justify-items: stretch;
    max-inline-size: 640px;
    inline-size: 100%;
    justify-self: center;
  }
  .middle seek-bar {
    margin-block-start: -4px;
  }
  .side {
    display: flex;
    align-items: center;
    justify-content: flex-end;
    gap: var(--space-1);
  }
  @media (max-width: 899px) {
    .bar {
      inset: auto 8px calc(var(--tabs-height) + 4px) 8px;
      grid-template-columns: minmax(0, 1fr) auto;
      gap: var(--space-2);
      block-size: 60px;
      padding-inline: var(--space-2);
      border: 1px solid var(--line);
      border-radius: var(--radius-l);
      background: var(--surface-2);
      box-shadow: var(--shadow-2);
      overflow: clip;
    }
    .track artwork-image {
      inline-size: 44px;
    }
    .opener {
      display: block;
      position: absolute;
      inset: -8px 0;
      border-radius: var(--radius-s);
    }
    .small-controls {
      display: flex;
    }
    .small-controls .play {
      color: var(--text);
    }
    .thin {
      display: block;
      position: absolute;
      inset: auto 0 0 0;
    }
    .middle,
    .side,
    .heart {
      display: none;
    }
  }
`;
