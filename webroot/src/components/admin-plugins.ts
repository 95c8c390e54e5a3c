/** Which plugins run, which do not and why; and whether all is well. */
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { getHealth, listPlugins } from "../api/system";
import type { Health, PluginView } from "../api/types";
import { t } from "../shell/i18n";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import "./loading-state";

const LOOKS = { enabled: "good", disabled: "", failed: "bad" } as const;

@customElement("admin-plugins")
export class AdminPlugins extends LitElement {
  @state() private plugins: readonly PluginView[] | null = null;
  @state() private health: Health | null = null;
  @state() private error: unknown = null;

  static override styles = [...shared, lines];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    if (!this.plugins || !this.health) {
      return html`<loading-state .error=${this.error} @again=${() => this.load()}></loading-state>`;
    }
    return html`<div class="page">
      <section class="stack">
        <h2>${t("plugins.heading")}</h2>
        <ul class="card lines" role="list">
          ${this.plugins.map((plugin) => html`<li>${renderPlugin(plugin)}</li>`)}
        </ul>
      </section>
      <section class="stack">
        <h2>${t("health.heading")}</h2>
        <ul class="card lines" role="list">
          ${this.health.checks.map((check) => html`<li>${renderCheck(check)}</li>`)}
        </ul>
      </section>
    </div>`;
  }

  private async load(): Promise<void> {
    try {
      const [plugins, health] = await Promise.all([listPlugins(), getHealth()]);
      this.plugins = plugins.results;
      this.health = health;
    } catch (error) {
      this.error = error;
    }
  }
}

function renderPlugin(plugin: PluginView) {
  return html`<div class="words">
      <h3>${plugin.name}</h3>
      <p class="soft small">${plugin.version}</p>
    </div>
    <span class="badge ${LOOKS[plugin.status]}">${t(`plugins.${plugin.status}`)}</span>
    ${plugin.reason ? html`<p class="small error wide">${plugin.reason}</p>` : nothing}`;
}

function renderCheck(check: Health["checks"][number]) {
  return html`<div class="words">
      <h3>${check.name}</h3>
      ${check.detail ? html`<p class="soft small">${check.detail}</p>` : nothing}
    </div>
    <span class="badge ${check.is_ok ? "good" : "bad"}">${check.is_ok ? t("health.ok") : t("health.bad")}</span>`;
}
