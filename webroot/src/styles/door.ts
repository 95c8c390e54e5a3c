/** Login and set-up: one card in the middle of an empty page. */
import { css } from "lit";

export const door = css`
  :host {
    display: grid;
    justify-items: center;
    gap: var(--space-6);
  }
  .brand {
    display: grid;
    justify-items: center;
    gap: var(--space-4);
    text-align: center;
  }
  .brand p {
    color: var(--text-soft);
    max-inline-size: 38ch;
    text-wrap: balance;
  }
  .card {
    inline-size: 100%;
    max-inline-size: 400px;
    padding: var(--space-6);
    box-shadow: var(--shadow-1);
  }
  .form > .button {
    inline-size: 100%;
  }
`;
