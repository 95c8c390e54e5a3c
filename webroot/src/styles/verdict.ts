/** How it stands, in one sentence beside a round sign. */
import { css } from "lit";

export const verdict = css`
  .sum {
    display: flex;
    align-items: center;
    gap: var(--space-4);
  }
  .disc {
    display: grid;
    place-items: center;
    flex: none;
    inline-size: 56px;
    block-size: 56px;
    border-radius: 50%;
    background: var(--good-soft);
    color: var(--good);
  }
  [data-bad] > .disc {
    background: var(--danger-soft);
    color: var(--danger);
  }
`;
