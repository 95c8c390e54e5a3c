/** Modal dialogs: a card in the middle, a sheet from below on phones. */
import { css } from "lit";

export const dialogs = css`
  dialog {
    color: var(--text);
    background: var(--surface-1);
    border: 1px solid var(--line);
    border-radius: var(--radius-l);
    padding: var(--space-6);
    inline-size: min(440px, calc(100vw - 32px));
    max-block-size: min(640px, calc(100dvh - 32px));
    box-shadow: var(--shadow-2);
    overscroll-behavior: contain;
  }
  dialog[open] {
    animation: rise 180ms cubic-bezier(0.2, 0, 0, 1);
  }
  dialog::backdrop {
    background: oklch(0.15 0.02 268 / 0.55);
  }
  @keyframes rise {
    from {
      opacity: 0;
      transform: translateY(12px);
    }
  }
  h2 {
    overflow-wrap: anywhere;
  }
  .text {
    color: var(--text-soft);
    text-wrap: pretty;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: var(--space-2);
    margin-block-start: var(--space-2);
  }
  @media (max-width: 599px) {
    dialog {
      inline-size: 100vw;
      max-inline-size: 100vw;
      margin-block-end: 0;
      border-end-start-radius: 0;
      border-end-end-radius: 0;
      padding-block-end: calc(var(--space-6) + env(safe-area-inset-bottom));
    }
    .actions > .button {
      flex: 1;
    }
  }
`;
