/** A label, an input, a hint and an error. It renders into its parent's tree, so that forms and password managers see it. */
import { html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

let last = 0;

@customElement("form-field")
export class FormField extends LitElement {
  @property() label = "";
  @property() hint = "";
  @property() error = "";
  @property() type = "text";
  @property() name = "";
  @property() value = "";
  @property() placeholder = "";
  @property() fill = "";
  /** Which keyboard a phone shows. */
  @property() mode = "";
  /** Of numbers. */
  @property() min = "";
  @property() step = "";
  @property({ type: Boolean }) required = false;
  @property({ type: Number }) minlength = 0;
  @property({ type: Number }) maxlength = 500;

  private readonly inputId = `field-${++last}`;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** As soon as it is drawn. */
  override focus(): void {
    void this.updateComplete.then(() => this.querySelector("input")?.focus());
  }

  protected override render() {
    const more = this.error || this.hint;
    return html`
      <label for=${this.inputId}>${this.label}</label>
      <input
        id=${this.inputId}
        name=${this.name}
        type=${this.type}
        .value=${this.value}
        placeholder=${this.placeholder || nothing}
        autocomplete=${this.fill || "off"}
        inputmode=${this.mode || nothing}
        autocapitalize="none"
        spellcheck="false"
        min=${this.min || nothing}
        step=${this.step || nothing}
        minlength=${this.minlength || nothing}
        maxlength=${this.maxlength}
        ?required=${this.required}
        aria-describedby=${more ? `${this.inputId}-more` : nothing}
        aria-invalid=${this.error ? "true" : nothing}
      />
      ${more ? html`<p id="${this.inputId}-more" class=${this.error ? "danger-text" : "soft"}>${more}</p>` : nothing}
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "form-field": FormField;
  }
}
