/** The frame around every page. */
import { css } from "lit";

export const shell = css`
  .content {
    min-block-size: 100dvh;
    padding-block-end: calc(var(--player-height) + var(--tabs-height) + var(--space-8));
  }
  main {
    inline-size: 100%;
    max-inline-size: 1240px;
    margin-inline: auto;
    padding: var(--space-6) var(--gutter);
    outline: none;
  }
  .alone {
    display: grid;
    align-items: center;
  }
  .start {
    min-block-size: 100dvh;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: var(--space-6);
    text-align: center;
  }
  .start[aria-busy] svg {
    animation: breathe 1.4s ease-in-out infinite;
  }
  @keyframes breathe {
    50% {
      opacity: 0.45;
    }
  }
  .offline {
    position: sticky;
    inset-block-start: 0;
    z-index: 15;
    display: flex;
    align-items: center;
    justify-content: center;
    gap: var(--space-2);
    padding-inline: var(--space-4);
    min-block-size: var(--target);
    background: var(--surface-2);
    color: var(--text);
    border-block-end: 1px solid var(--line);
    font-size: var(--text-2);
    font-weight: 600;
  }
  .offline .button {
    display: flex;
    flex: none;
    align-items: center;
    gap: var(--space-2);
    color: inherit;
  }
  @media (max-width: 599px) {
    .offline .wide {
      display: none;
    }
  }
  .content > offline-status {
    padding-inline: calc(var(--gutter) - var(--space-3));
  }
  .skip {
    position: fixed;
    inset: var(--space-2) auto auto var(--space-2);
    z-index: 40;
    transform: translateY(-200%);
  }
  .skip:focus {
    transform: none;
  }
  toast-stack {
    position: fixed;
  }
  @media (min-width: 900px) {
    .content > offline-status {
      display: none;
    }
    .content:not(.alone) {
      margin-inline-start: var(--sidebar);
    }
    main {
      padding-block: var(--space-8);
    }
  }
`;
