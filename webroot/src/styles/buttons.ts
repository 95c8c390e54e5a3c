/** Buttons: `.button` with words, `.icon-button` with a picture. */
import { css } from "lit";

export const buttons = css`
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: 0;
    padding: 0;
    margin: 0;
    cursor: pointer;
    -webkit-tap-highlight-color: transparent;
  }
  button:disabled,
  /* Busy for a moment: it keeps the focus, and a second click does nothing. */
  button[aria-disabled="true"] {
    cursor: default;
    opacity: 0.5;
  }
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--space-2);
    min-block-size: var(--target);
    padding-inline: var(--space-4);
    border-radius: calc(var(--target) / 2);
    background: var(--surface-2);
    color: var(--text);
    font-weight: 600;
    text-decoration: none;
    white-space: nowrap;
    transition: background-color var(--quick), color var(--quick), transform var(--quick);
  }
  .button.more {
    justify-self: center;
  }
  .button.with-icon {
    padding-inline-start: var(--space-3);
  }
  .button:active:not(:disabled),
  .icon-button:active:not(:disabled) {
    transform: scale(0.97);
  }
  .button.primary {
    background: var(--accent);
    color: var(--on-accent);
  }
  .button.danger {
    background: var(--danger);
    color: light-dark(oklch(1 0 0), oklch(0.2 0.03 24));
  }
  .button.quiet {
    background: transparent;
    color: var(--text-soft);
  }
  .icon-button {
    display: inline-grid;
    place-items: center;
    flex: none;
    inline-size: var(--target);
    block-size: var(--target);
    border-radius: 50%;
    color: var(--text-soft);
    transition: background-color var(--quick), color var(--quick), transform var(--quick);
  }
  .icon-button[aria-pressed="true"],
  .icon-button.on {
    color: var(--accent);
  }
  .icon-button.solid {
    background: var(--accent);
    color: var(--on-accent);
  }
  @media (hover: hover) {
    .button:hover:not(:disabled) {
      background: var(--surface-3);
    }
    .button.primary:hover:not(:disabled),
    .icon-button.solid:hover:not(:disabled) {
      background: var(--accent-strong);
      color: var(--on-accent);
    }
    .button.danger:hover:not(:disabled) {
      filter: brightness(1.08);
    }
    .button.quiet:hover:not(:disabled),
    .icon-button:not(.solid):hover:not(:disabled) {
      background: var(--surface-2);
      color: var(--text);
    }
    .icon-button[aria-pressed="true"]:hover:not(:disabled) {
      color: var(--accent);
    }
  }
`;
