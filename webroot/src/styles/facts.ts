/** What is known of something, name by name: beside each other on a desk, below each other on a phone. */
import { css } from "lit";

export const facts = css`
  .facts {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    gap: var(--space-2) var(--space-5);
  }
  .facts > div {
    min-inline-size: 0;
  }
  dt {
    color: var(--text-soft);
    font-size: var(--text-2);
  }
  dd {
    overflow-wrap: anywhere;
  }
  .error {
    color: var(--danger);
    overflow-wrap: anywhere;
  }
  @media (max-width: 599px) {
    .facts {
      grid-template-columns: minmax(0, 1fr);
      gap: var(--space-1);
    }
    .facts > div {
      display: grid;
      grid-template-columns: minmax(0, 2fr) minmax(0, 3fr);
      gap: var(--space-2);
      font-size: var(--text-2);
    }
  }
`;
