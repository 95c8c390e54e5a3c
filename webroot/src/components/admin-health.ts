/** Whether all is well, in plain words: what the server looks at, and the plugins. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { getHealth, listPlugins } from "../api/system";
import type { Health, PluginView } from "../api/types";
import { formatMoment } from "../shell/format";
import { t, tryT } from "../shell/i18n";
import { Poll } from "../shell/poll";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { verdict } from "../styles/verdict";
import { icon } from "./icons";
import "./loading-state";

type Check = Health["checks"][number];

const EVERY_MS = 10_000;
const LOOKS = { enabled: "good", disabled: "", failed: "bad" } as const;
/** In this order, after what is not well; what a plugin of tomorrow looks at comes last. */
const ORDER = [
  "database",
  "database check",
  "backups",
  "data disk",
  "media disk",
  "cache disk",
  "clock",
  "jobs",
  "downloads",
  "download workers",
];
/** The plugins have their own list. */
const PLUGIN = /^plugin /;

@customElement("admin-health")
export class AdminHealth extends LitElement {
  @state() private health: Health | null = null;
  @state() private plugins: readonly PluginView[] = [];
  @state() private error: unknown = null;
  private lookedAt = "";
  private readonly poll = new Poll(this, EVERY_MS, () => this.look());

  static override styles = [
    ...shared,
    lines,
    verdict,
    css`
      .checks > li {
        grid-template-columns: 22px minmax(140px, 1fr) minmax(0, 3fr);
        align-items: start;
      }
      .checks svg {
        color: var(--good);
      }
      .checks > [data-bad] svg {
        color: var(--danger);
      }
      .detail {
        padding-block-start: 2px;
        overflow-wrap: anywhere;
      }
      @media (max-width: 599px) {
        .checks > li {
          grid-template-columns: 22px minmax(0, 1fr);
        }
        .detail {
          grid-column: 2;
        }
      }
    `,
  ];

  protected override render() {
    if (!this.health) {
      return html`<loading-state .error=${this.error} @again=${() => this.poll.now()}></loading-state>`;
    }
    const checks = this.health.checks.filter((check) => !PLUGIN.test(check.name));
    return html`<div class="page">
      ${this.renderSum(this.health)}
      <section class="stack">
        <h2>${t("health.checks")}</h2>
        <ul class="card lines checks" role="list" aria-label=${t("health.checks")}>
          ${[...checks].sort((one, other) => rank(one) - rank(other)).map((check) => html`<li ?data-bad=${!check.is_ok}>${renderCheck(check)}</li>`)}
        </ul>
      </section>
      <section class="stack">
        <h2>${t("plugins.heading")}</h2>
        <ul class="card lines" role="list" aria-label=${t("plugins.heading")}>
          ${this.plugins.map((plugin) => html`<li>${renderPlugin(plugin)}</li>`)}
        </ul>
      </section>
    </div>`;
  }

  private renderSum({ checks, version }: Health) {
    const bad = checks.filter((check) => !check.is_ok).length;
    return html`<section class="card sum" ?data-bad=${bad > 0} role="status">
      <div class="disc">${icon(bad > 0 ? "warning" : "check", 28)}</div>
      <div>
        <h2>${bad > 0 ? t("health.bad", { count: bad }) : t("health.good")}</h2>
        <p class="soft small">SoundWave ${version} · <span class="numbers">${formatMoment(this.lookedAt)}</span></p>
      </div>
    </section>`;
  }

  private async look(): Promise<void> {
    try {
      const [health, plugins] = await Promise.all([getHealth(), listPlugins()]);
      this.lookedAt = new Date().toISOString();
      this.health = health;
      this.plugins = plugins.results;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
  }
}

function rank({ name, is_ok }: Check): number {
  const place = ORDER.indexOf(name);
  return (is_ok ? ORDER.length + 1 : 0) + (place < 0 ? ORDER.length : place);
}

/** What is not well also says what to do, where there is something to do. */
function renderCheck({ name, is_ok, detail }: Check) {
  const help = is_ok ? "" : tryT(`check.${name}.help`, "");
  return html`${icon(is_ok ? "check" : "warning", 22)}
    <h3>${tryT(`check.${name}`, name)}<span class="unseen">: ${t(is_ok ? "health.isWell" : "health.isBad")}</span></h3>
    <div class="detail">
      <p class="small ${is_ok ? "soft" : "error"}">${detail}</p>
      ${help ? html`<p class="small">${help}</p>` : nothing}
    </div>`;
}

function renderPlugin(plugin: PluginView) {
  return html`<div class="words">
      <h3>${plugin.name}</h3>
      <p class="soft small">${plugin.version}</p>
    </div>
    <span class="badge ${LOOKS[plugin.status]}">${t(`plugins.${plugin.status}`)}</span>
    ${plugin.reason ? html`<p class="small error wide">${plugin.reason}</p>` : nothing}`;
}
