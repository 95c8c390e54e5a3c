/** What opens below. */
import { css } from "lit";

export const summary = css`
  summary {
    inline-size: fit-content;
    min-block-size: var(--target);
    align-content: center;
    padding-inline-end: var(--space-2);
    color: var(--text-soft);
    font-size: var(--text-2);
    font-weight: 600;
    cursor: pointer;
    border-radius: var(--radius-s);
  }
`;
