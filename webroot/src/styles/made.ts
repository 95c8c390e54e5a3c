/** What was just made and is shown only now. */
import { css } from "lit";

export const made = css`
  .made {
    display: grid;
    gap: var(--space-3);
    padding: var(--space-4);
    border-radius: var(--radius-s);
    background: var(--accent-soft);
  }
`;
