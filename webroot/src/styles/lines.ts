/** Lists of the admin's pages: one card, lines with a rule between them. */
import { css } from "lit";

export const lines = css`
  .lines {
    padding-block: var(--space-1);
  }
  .lines > li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: center;
    gap: var(--space-1) var(--space-4);
    padding-block: var(--space-3);
    border-block-end: 1px solid var(--line);
  }
  .lines > li:last-child {
    border: 0;
  }
  .lines > li > .wide {
    grid-column: 1 / -1;
  }
  .words {
    min-inline-size: 0;
    display: grid;
    gap: 2px;
  }
  .name {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-1) var(--space-2);
    min-inline-size: 0;
  }
  .name h2 {
    font-size: var(--text-3);
    overflow-wrap: anywhere;
  }
  .error {
    color: var(--danger);
    overflow-wrap: anywhere;
  }
`;
