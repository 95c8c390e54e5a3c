/** Theme and language. */
import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";

import { language, LANGUAGES, t } from "../shell/i18n";
import { keepLanguage, keepTheme } from "../shell/preferences";
import { Watch } from "../shell/store";
import { theme, THEMES } from "../shell/theme";
import { shared } from "../styles/shared";

@customElement("look-card")
export class LookCard extends LitElement {
  static override styles = [
    ...shared,
    css`
      :host {
        display: grid;
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, theme);
  }

  protected override render() {
    return html`<section class="card stack">
      <h2>${t("account.look")}</h2>
      <div class="row" role="group" aria-label=${t("account.theme")}>
        ${THEMES.map(
          (name) => html`<button class="chip" aria-pressed=${theme.value === name} @click=${() => keepTheme(name)}>
            ${t(`account.theme.${name}`)}
          </button>`,
        )}
      </div>
      <div class="row" role="group" aria-label=${t("account.language")}>
        ${Object.entries(LANGUAGES).map(
          ([code, name]) => html`<button
            class="chip"
            lang=${code}
            aria-pressed=${language === code}
            @click=${() => this.speak(code)}
          >
            ${name}
          </button>`,
        )}
      </div>
    </section>`;
  }

  private async speak(code: string): Promise<void> {
    if (code === language) return;
    await keepLanguage(code);
    location.reload();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "look-card": LookCard;
  }
}
