/** Pages, cards, badges and chips. */
import { css } from "lit";

export const surfaces = css`
  .page {
    display: grid;
    gap: var(--space-6);
    align-content: start;
    grid-template-columns: minmax(0, 1fr);
  }
  .page-head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-3) var(--space-4);
  }
  h1 + p {
    margin-block-start: var(--space-1);
  }
  .card {
    background: var(--surface-1);
    border: 1px solid var(--line);
    border-radius: var(--radius-l);
    padding: var(--space-5);
  }
  .stack {
    display: grid;
    gap: var(--space-3);
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
  }
  .card.stack {
    gap: var(--space-4);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-2);
  }
  .badge {
    display: inline-flex;
    align-items: center;
    gap: var(--space-1);
    padding: 2px var(--space-2);
    border-radius: 999px;
    background: var(--surface-2);
    color: var(--text-soft);
    font-size: var(--text-1);
    font-weight: 600;
    white-space: nowrap;
  }
  .badge.good {
    background: var(--good-soft);
    color: var(--good);
  }
  .badge.bad {
    background: var(--danger-soft);
    color: var(--danger);
  }
  .badge.accent {
    background: var(--accent-soft);
    color: var(--accent);
  }
  .chip {
    display: inline-flex;
    align-items: center;
    gap: var(--space-2);
    min-block-size: var(--target);
    padding-inline: var(--space-4);
    border-radius: calc(var(--target) / 2);
    border: 1px solid var(--line);
    background: var(--surface-1);
    color: var(--text-soft);
    font-weight: 500;
    white-space: nowrap;
  }
  .chip[aria-pressed="true"],
  .chip[aria-selected="true"] {
    background: var(--accent-soft);
    border-color: transparent;
    color: var(--accent);
  }
`;
