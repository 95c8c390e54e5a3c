/** One setting. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Setting, SettingValue } from "../api/types";
import { t } from "../shell/i18n";
import { shared } from "../styles/shared";

@customElement("setting-line")
export class SettingLine extends LitElement {
  @property({ attribute: false }) setting!: Setting;
  @state() private isChanged = false;

  static override styles = [
    ...shared,
    css`
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(200px, 320px);
        align-items: center;
        gap: var(--space-2) var(--space-6);
        padding-block: var(--space-4);
      }
      :host(:not(:last-child)) form {
        border-block-end: 1px solid var(--line);
      }
      label {
        display: grid;
        gap: 2px;
      }
      .value {
        display: grid;
        gap: var(--space-2);
        justify-items: stretch;
      }
      .fixed {
        overflow-wrap: anywhere;
      }
      .check {
        justify-content: flex-end;
      }
      .row {
        justify-content: flex-end;
      }
      @media (max-width: 699px) {
        form {
          grid-template-columns: minmax(0, 1fr);
        }
        .row {
          justify-content: flex-start;
        }
      }
    `,
  ];

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("setting")) this.isChanged = false;
  }

  protected override render() {
    const { setting } = this;
    return html`<form @submit=${this.submit} @input=${() => (this.isChanged = true)}>
      <label for="value">
        <code>${setting.name}</code>
        <span class="soft small">${setting.description}</span>
      </label>
      <div class="value">
        ${setting.is_editable ? this.renderInput() : html`<p class="fixed"><code>${show(setting)}</code></p>`}
        <div class="row">
          <span class="badge ${setting.source === "default" ? "" : "accent"}">${t(`settings.source.${setting.source}`)}</span>
          ${setting.is_editable
            ? html`${setting.source === "stored"
                  ? html`<button type="button" class="button quiet" @click=${() => this.save(null)}>${t("settings.reset")}</button>`
                  : nothing}
                ${this.isChanged ? html`<button class="button primary">${t("action.save")}</button>` : nothing}`
            : html`<span class="soft small">${t("settings.fixed", { variable: setting.variable })}</span>`}
        </div>
      </div>
    </form>`;
  }

  private renderInput() {
    const { setting } = this;
    if (typeof setting.default === "boolean") {
      return html`<input id="value" name="value" type="checkbox" .checked=${setting.value === true} />`;
    }
    const isNumber = typeof setting.default === "number";
    return html`<input
      id="value"
      name="value"
      type=${setting.is_secret ? "password" : isNumber ? "number" : "text"}
      step=${isNumber ? "any" : nothing}
      autocomplete="off"
      placeholder=${setting.is_secret ? t("settings.secret") : nothing}
      .value=${setting.is_secret ? "" : textOf(setting.value)}
    />`;
  }

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    this.save(valueOf(this.setting, data.get("value")));
  }

  private save(value: SettingValue): void {
    const detail = { name: this.setting.name, value };
    this.dispatchEvent(new CustomEvent("save-setting", { detail, bubbles: true }));
  }
}

function show(setting: Setting): string {
  if (setting.is_secret) return t("settings.secret");
  const text = textOf(setting.value);
  return text === "" ? t("settings.nothing") : text;
}

/** Lists are written with commas. */
function textOf(value: SettingValue): string {
  if (value === null) return "";
  return Array.isArray(value) ? value.map(textOf).join(", ") : String(value);
}

function valueOf(setting: Setting, entry: FormDataEntryValue | null): SettingValue {
  const text = String(entry ?? "").trim();
  if (typeof setting.default === "boolean") return entry !== null;
  if (typeof setting.default === "number") return text === "" ? null : Number(text);
  if (Array.isArray(setting.default)) return text.split(",").map((part) => part.trim()).filter(Boolean);
  return text;
}

declare global {
  interface HTMLElementTagNameMap {
    "setting-line": SettingLine;
  }
}
