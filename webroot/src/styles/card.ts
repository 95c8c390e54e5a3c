/** A download's card. */
import { css } from "lit";

export const card = css`
  .card {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-3);
    padding: var(--space-4) var(--space-5);
  }
  .head {
    display: flex;
    align-items: center;
    gap: var(--space-3);
  }
  .words {
    flex: 1;
    min-inline-size: 0;
  }
  .buttons {
    display: flex;
    margin-inline-end: calc(-1 * var(--space-2));
  }
  .reason {
    display: flex;
    align-items: center;
    gap: var(--space-2);
    color: var(--danger);
  }
  .reason svg {
    flex: none;
  }
  ol {
    display: grid;
    max-block-size: 420px;
    overflow: auto;
    border-block-start: 1px solid var(--line);
  }
  li {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-1);
    padding-block: var(--space-2);
    border-block-end: 1px solid var(--line);
  }
  li:last-child {
    border: 0;
    padding-block-end: 0;
  }
  .item {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-3);
    font-size: var(--text-2);
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-1) var(--space-4);
  }
  @media (max-width: 599px) {
    .card {
      padding: var(--space-3) var(--space-4);
    }
    .head {
      flex-wrap: wrap;
      column-gap: var(--space-2);
      row-gap: 0;
    }
    .words {
      flex-basis: 100%;
    }
    .buttons {
      margin-inline-start: auto;
    }
  }
`;
