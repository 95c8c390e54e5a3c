/** A small table of figures, which is scrolled where it is too wide. */
import { css } from "lit";

export const table = css`
  .table {
    overflow: auto;
  }
  table {
    inline-size: 100%;
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: var(--space-2);
    border-block-end: 1px solid var(--line);
    text-align: end;
    font-weight: 400;
  }
  th:first-child {
    text-align: start;
  }
  thead th {
    color: var(--text-soft);
    font-size: var(--text-2);
    font-weight: 600;
  }
`;
