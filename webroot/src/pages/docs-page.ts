/** The API, for people: every operation, grouped by path. */
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { type Field, getDocument, type Operation, operationsOf, type Shape } from "../api/openapi";
import "../components/empty-state";
import "../components/loading-state";
import "../components/search-box";
import { t } from "../shell/i18n";
import { docs } from "../styles/docs";
import { shared } from "../styles/shared";

@customElement("docs-page")
export class DocsPage extends LitElement {
  @state() private operations: readonly Operation[] | null = null;
  @state() private error: unknown = null;
  @state() private filter = "";

  static override styles = [...shared, docs];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    return html`<div class="page">
      <header class="page-head">
        <div>
          <h1>${t("page.docs-page")}</h1>
          <p class="soft">${t("docs.text")} <a href="api/openapi.json" data-plain>openapi.json</a></p>
        </div>
      </header>
      <search-box label=${t("docs.filter")} @search=${(event: CustomEvent<string>) => (this.filter = event.detail)}></search-box>
      ${this.renderPaths()}
    </div>`;
  }

  private renderPaths() {
    if (!this.operations) {
      return html`<loading-state .error=${this.error} @again=${() => this.load()}></loading-state>`;
    }
    const words = this.filter.toLowerCase().split(/\s+/);
    const found = this.operations.filter((operation) => words.every((word) => textOf(operation).includes(word)));
    if (found.length === 0) {
      return html`<empty-state icon="search" heading=${t("docs.none")} text=${t("docs.noneText")}></empty-state>`;
    }
    const paths = new Map<string, Operation[]>();
    for (const operation of found) paths.set(operation.path, [...(paths.get(operation.path) ?? []), operation]);
    return html`<p class="soft small" role="status">${t("docs.count", { count: found.length })}</p>
      <div class="stack">${[...paths].map(([path, operations]) => renderPath(path, operations))}</div>`;
  }

  private async load(): Promise<void> {
    try {
      const all = operationsOf(await getDocument());
      // What programs use comes first, pages and files after it.
      this.operations = [...all.filter(isOfApi), ...all.filter((operation) => !isOfApi(operation))];
    } catch (error) {
      this.error = error;
    }
  }
}

function renderPath(path: string, operations: readonly Operation[]) {
  return html`<section class="card">
    <h2><code>${path}</code></h2>
    ${operations.map(renderOperation)}
  </section>`;
}

function renderOperation(operation: Operation) {
  return html`<details>
    <summary>
      <span class="method ${operation.method.toLowerCase()}">${operation.method}</span>
      <span class="summary">${operation.summary}</span>
      <span class="rights">
        <span class="badge">${operation.permission}</span>
        ${operation.scope ? html`<span class="badge accent">${t("docs.scope", { scope: operation.scope })}</span>` : nothing}
      </span>
    </summary>
    <div class="more">
      ${operation.text ? html`<p class="soft">${operation.text}</p>` : nothing}
      ${operation.parameters.length > 0 ? html`<h3>${t("docs.parameters")}</h3>${renderFields(operation.parameters)}` : nothing}
      ${operation.body ? html`<h3>${t("docs.body")}</h3>${renderShape(operation.body)}` : nothing}
      ${operation.answers.map(
        ({ status, shape }) => html`<h3>${t("docs.answer", { status })}</h3>
          ${shape ? renderShape(shape) : html`<p class="soft">${t("docs.nothing")}</p>`}`,
      )}
      <p class="soft small">${t("docs.plugin", { plugin: operation.plugin })}</p>
    </div>
  </details>`;
}

function renderShape(shape: Shape) {
  return html`<p><code>${shape.name}</code></p>
    ${shape.fields.length > 0 ? renderFields(shape.fields) : nothing}`;
}

function renderFields(fields: readonly Field[]) {
  return html`<dl>
    ${fields.map(
      (field) => html`<div>
        <dt><code>${field.name}</code>${field.isRequired ? html`<span class="must">${t("docs.required")}</span>` : nothing}</dt>
        <dd><code>${field.type}</code>${field.text ? html`<span class="soft"> ${field.text}</span>` : nothing}</dd>
      </div>`,
    )}
  </dl>`;
}

function isOfApi(operation: Operation): boolean {
  return operation.path.startsWith("/api/");
}

function textOf(operation: Operation): string {
  const { method, path, summary, plugin, permission, scope } = operation;
  return [method, path, summary, plugin, permission, scope].join(" ").toLowerCase();
}
