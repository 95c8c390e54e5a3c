/** One setting: what it is for, what is in force and why, and another value where that is possible. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { hasCode, NOT_CONFIRMED } from "../api/errors";
import { patchSetting } from "../api/system";
import type { Setting, SettingValue } from "../api/types";
import { explain, t } from "../shell/i18n";
import { toast, toastError } from "../shell/toasts";
import { shared } from "../styles/shared";
import { icon } from "./icons";
import { allowedOf, choiceOf, reasonOf, shown, textOf, wordsOf } from "./setting-words";
import { read } from "./submission";

@customElement("setting-line")
export class SettingLine extends LitElement {
  /** A list that was read again leaves what is being typed alone. */
  @property({ attribute: false, hasChanged: (now, before) => JSON.stringify(now) !== JSON.stringify(before) })
  setting!: Setting;
  @state() private isChanged = false;
  @state() private isBusy = false;
  @state() private refusal = "";
  @query("input, select") private field!: HTMLInputElement | HTMLSelectElement | null;

  static override styles = [
    ...shared,
    css`
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(220px, 340px);
        gap: var(--space-2) var(--space-8);
        padding-block: var(--space-4);
      }
      .words,
      .value {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        align-content: start;
        gap: var(--space-1);
      }
      .value {
        gap: var(--space-2);
      }
      .about {
        overflow-wrap: anywhere;
      }
      .fixed {
        display: flex;
        gap: var(--space-2);
        min-block-size: var(--target);
        padding: var(--space-2) var(--space-3);
        border-radius: var(--radius-s);
        background: var(--surface-2);
        overflow-wrap: anywhere;
      }
      .fixed svg {
        flex: none;
        margin-block-start: 1px;
        color: var(--text-soft);
      }
      .refusal {
        color: var(--danger);
        font-size: var(--text-2);
      }
      [aria-invalid="true"] {
        border-color: var(--danger) !important;
      }
      @media (max-width: 699px) {
        form {
          grid-template-columns: minmax(0, 1fr);
          gap: var(--space-3);
        }
      }
    `,
  ];

  protected override updated(changed: Map<string, unknown>): void {
    if (!changed.has("setting") || !this.field) return;
    if (this.field.type === "checkbox") (this.field as HTMLInputElement).checked = this.setting.value === true;
    else this.field.value = this.setting.is_secret ? "" : textOf(this.setting.value);
  }

  protected override render() {
    const { setting } = this;
    return html`<form novalidate @submit=${this.submit} @input=${this.changed}>
      <div class="words">
        <label for="value">${wordsOf(setting)}</label>
        <p class="about soft small">
          <code>${setting.name}</code> · ${allowedOf(setting)}${setting.is_secret
            ? nothing
            : html` · ${t("settings.default", { value: shown(setting, setting.default) })}`}
        </p>
      </div>
      <div class="value">${setting.is_editable ? this.renderField() : this.renderFixed()}</div>
    </form>`;
  }

  private renderFixed() {
    const { setting } = this;
    return html`<p class="fixed">
        ${icon("lock", 20)}<output id="value">${setting.is_secret ? t("settings.secret") : shown(setting, setting.value)}</output>
      </p>
      <p class="soft small">${reasonOf(setting)}</p>`;
  }

  private renderField() {
    const { setting } = this;
    return html`${this.renderInput()}
      ${this.refusal ? html`<p class="refusal" id="refusal" role="alert">${this.refusal}</p>` : nothing}
      <div class="row">
        ${this.isChanged
          ? html`<button class="button primary" aria-disabled=${this.isBusy}>${t("action.save")}</button>
              <button class="button quiet" type="button" @click=${this.undo}>${t("action.cancel")}</button>`
          : nothing}
        ${setting.source === "stored" && !this.isChanged
          ? html`<span class="badge accent">${t("settings.source.stored")}</span>
              <button class="button quiet" type="button" aria-label="${t("settings.reset")}: ${setting.name}" @click=${() => this.save(null)}>
                ${t("settings.reset")}
              </button>`
          : nothing}
      </div>`;
  }

  private renderInput() {
    const { setting } = this;
    const invalid = this.refusal ? "true" : nothing;
    const described = this.refusal ? "refusal" : nothing;
    if (setting.type === "boolean") {
      return html`<label class="check">
        <input id="value" name="value" type="checkbox" aria-invalid=${invalid} aria-describedby=${described} />
        ${t("settings.on")}
      </label>`;
    }
    if (setting.schema.enum) {
      return html`<select id="value" name="value" aria-invalid=${invalid} aria-describedby=${described}>
        ${setting.schema.enum.map((choice) => html`<option value=${choice}>${choiceOf(setting, choice)}</option>`)}
      </select>`;
    }
    return html`<input
      id="value"
      name="value"
      type=${setting.is_secret ? "password" : "text"}
      inputmode=${setting.type === "integer" ? "numeric" : setting.type === "number" ? "decimal" : nothing}
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      placeholder=${setting.is_secret ? t("settings.secret") : nothing}
      aria-invalid=${invalid}
      aria-describedby=${described}
    />`;
  }

  private changed(): void {
    this.isChanged = true;
    this.refusal = "";
  }

  /** The server reads texts as a person writes them, numbers and lists too, and says what it does not take. */
  private async submit(event: SubmitEvent): Promise<void> {
    const data = read(event);
    await this.save(this.setting.type === "boolean" ? data.has("value") : String(data.get("value")));
  }

  private async save(value: SettingValue): Promise<void> {
    if (this.isBusy) return;
    const { name } = this.setting;
    this.isBusy = true;
    this.refusal = "";
    try {
      const { results } = await patchSetting(name, value);
      this.isChanged = false;
      toast(t("settings.saved", { name }));
      this.dispatchEvent(new CustomEvent("settings-changed", { detail: results, bubbles: true }));
      this.requestUpdate("setting");
    } catch (error) {
      this.refuse(error);
    } finally {
      this.isBusy = false;
    }
    await this.updateComplete;
    this.field?.focus();
  }

  /** What is wrong with the value is said at the field, with what it takes. */
  private refuse(error: unknown): void {
    if (hasCode(error, NOT_CONFIRMED)) toastError(error);
    else this.refusal = hasCode(error, "invalid") ? t("settings.refused", { allowed: allowedOf(this.setting) }) : explain(error);
  }

  private undo(): void {
    this.isChanged = false;
    this.refusal = "";
    this.requestUpdate("setting");
    this.field?.focus();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "setting-line": SettingLine;
  }
}
