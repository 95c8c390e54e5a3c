/** Popovers with actions. */
import { css } from "lit";

export const menus = css`
  [popover] {
    position: fixed;
    margin: 0;
    padding: var(--space-2);
    min-inline-size: 220px;
    max-inline-size: min(340px, calc(100vw - 16px));
    max-block-size: min(70dvh, 560px);
    overflow: auto;
    overscroll-behavior: contain;
    color: var(--text);
    background: var(--surface-1);
    border: 1px solid var(--line);
    border-radius: var(--radius-l);
    box-shadow: var(--shadow-2);
  }
  [popover]:popover-open {
    animation: appear 120ms ease-out;
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
  }
  .item {
    display: flex;
    align-items: center;
    gap: var(--space-3);
    inline-size: 100%;
    min-block-size: var(--target);
    padding-inline: var(--space-3);
    border-radius: var(--radius-s);
    text-align: start;
    text-decoration: none;
    color: var(--text);
  }
  .item.danger-text {
    color: var(--danger);
  }
  .item svg {
    flex: none;
    color: var(--text-soft);
  }
  .item.danger-text svg {
    color: inherit;
  }
  .item:focus-visible {
    outline-offset: -2px;
  }
  @media (hover: hover) {
    .item:hover {
      background: var(--surface-2);
    }
  }
  @media (max-width: 599px) {
    [popover] {
      inset: auto 0 0 0;
      inline-size: 100vw;
      max-inline-size: 100vw;
      padding: var(--space-3) var(--space-3) calc(var(--space-4) + env(safe-area-inset-bottom));
      border-end-start-radius: 0;
      border-end-end-radius: 0;
    }
    [popover]::backdrop {
      background: oklch(0.15 0.02 268 / 0.5);
    }
    .item {
      min-block-size: 52px;
    }
  }
`;
