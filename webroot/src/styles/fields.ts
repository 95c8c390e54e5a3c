/** Inputs and forms. */
import { css } from "lit";

export const fields = css`
  input:not([type="range"], [type="checkbox"], [type="radio"]),
  select,
  textarea {
    font: inherit;
    /* Under 16 px, phones zoom in on focus. */
    font-size: max(16px, var(--text-3));
    color: var(--text);
    background: var(--surface-1);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-s);
    min-block-size: var(--target);
    padding: var(--space-2) var(--space-3);
    inline-size: 100%;
    margin: 0;
  }
  select {
    padding-inline-end: var(--space-2);
    cursor: pointer;
  }
  input::placeholder {
    color: var(--text-soft);
    opacity: 1;
  }
  input:focus-visible,
  select:focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 0;
    border-color: transparent;
  }
  input[type="checkbox"] {
    appearance: none;
    display: grid;
    place-content: center;
    flex: none;
    inline-size: 22px;
    block-size: 22px;
    margin: 0;
    border: 1px solid var(--line-strong);
    border-radius: 6px;
    background: var(--surface-1);
    cursor: pointer;
  }
  input[type="checkbox"]:checked {
    border-color: transparent;
    background: var(--accent);
  }
  input[type="checkbox"]:checked::before {
    content: "";
    inline-size: 12px;
    block-size: 12px;
    background: var(--on-accent);
    clip-path: polygon(12% 46%, 0 58%, 40% 96%, 100% 18%, 87% 8%, 38% 72%);
  }
  @media (forced-colors: active) {
    input[type="checkbox"] {
      appearance: auto;
    }
  }
  .check {
    display: flex;
    align-items: center;
    gap: var(--space-3);
    min-block-size: var(--target);
    cursor: pointer;
  }
  /* With a sentence below its name. */
  .check.told {
    align-items: start;
    padding-block: var(--space-1);
  }
  .check b,
  .check b + span {
    display: block;
  }
  .check b {
    font-weight: 600;
  }
  .form {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-4);
  }
  .form-error {
    display: flex;
    gap: var(--space-2);
    padding: var(--space-3);
    border-radius: var(--radius-s);
    background: var(--danger-soft);
    color: var(--danger);
  }
  .form-error > svg {
    flex: none;
  }
  form-field {
    display: grid;
    gap: var(--space-1);
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
  }
  code-field,
  quota-field {
    display: block;
  }
  code-field > .button {
    min-block-size: 32px;
    padding: 0;
    border-radius: var(--radius-s);
    background: none;
    font-size: var(--text-2);
    text-decoration: underline;
    text-underline-offset: 0.2em;
  }
  form-field > label,
  .label {
    font-size: var(--text-2);
    font-weight: 600;
  }
  form-field > p {
    font-size: var(--text-2);
  }
`;
