/** A form whose fields stand in one line where there is room. */
import { css } from "lit";

export const form = css`
  .line {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-3);
    align-items: end;
  }
  .line.hinted {
    align-items: start;
  }
  .line form-field {
    flex: 2 1 220px;
  }
  .line quota-field {
    flex: 1 1 180px;
  }
  .choice {
    display: grid;
    gap: var(--space-1);
    flex: 1 1 130px;
  }
  .line .button {
    flex: 0 0 auto;
  }
  @media (max-width: 599px) {
    .line .button {
      flex: 1 1 100%;
    }
  }
`;
