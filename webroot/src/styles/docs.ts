/** The page that describes the API. */
import { css } from "lit";

export const docs = css`
  .card {
    padding: var(--space-4) var(--space-5);
  }
  h2 {
    font-size: var(--text-3);
    overflow-wrap: anywhere;
    padding-block-end: var(--space-1);
  }
  details {
    border-block-start: 1px solid var(--line);
  }
  summary {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-1) var(--space-3);
    min-block-size: var(--target);
    padding-block: var(--space-2);
    cursor: pointer;
    list-style: none;
    border-radius: var(--radius-s);
  }
  summary::-webkit-details-marker {
    display: none;
  }
  .summary {
    flex: 1;
    min-inline-size: 160px;
  }
  .rights {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-1);
  }
  .method {
    inline-size: 68px;
    padding-block: 2px;
    border-radius: 6px;
    background: var(--surface-2);
    color: var(--text);
    font: 700 var(--text-1) / 1.6 var(--font-mono);
    text-align: center;
  }
  .method.post,
  .method.put,
  .method.patch {
    background: var(--good-soft);
    color: var(--good);
  }
  .method.delete {
    background: var(--danger-soft);
    color: var(--danger);
  }
  .more {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-2);
    padding-block: var(--space-2) var(--space-4);
  }
  .more h3 {
    margin-block-start: var(--space-2);
    font-size: var(--text-2);
  }
  dl {
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    font-size: var(--text-2);
  }
  dl > div {
    display: grid;
    grid-template-columns: minmax(140px, 1fr) minmax(0, 2fr);
    gap: var(--space-1) var(--space-4);
    padding: var(--space-2) var(--space-3);
  }
  dl > div + div {
    border-block-start: 1px solid var(--line);
  }
  dt,
  dd {
    overflow-wrap: anywhere;
  }
  .must {
    margin-inline-start: var(--space-2);
    color: var(--accent);
    font-size: var(--text-1);
  }
  @media (max-width: 599px) {
    dl > div {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
