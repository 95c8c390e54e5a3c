/** All settings, by plugin: what is in force, where it comes from, and another value where that is possible. */
import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { listSettings } from "../api/system";
import type { Setting } from "../api/types";
import { t, tryT } from "../shell/i18n";
import { rewriteQuery, router } from "../shell/router";
import { shared } from "../styles/shared";
import "./empty-state";
import "./loading-state";
import "./search-box";
import "./setting-line";
import { groupOf, wordsOf } from "./setting-words";

@customElement("admin-settings")
export class AdminSettings extends LitElement {
  @state() private settings: readonly Setting[] | null = null;
  @state() private error: unknown = null;
  @state() private wanted = router.value.query.get("find") ?? "";

  static override styles = [
    ...shared,
    css`
      .card {
        padding-block: var(--space-1);
      }
      setting-line + setting-line {
        border-block-start: 1px solid var(--line);
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    if (!this.settings) {
      return html`<loading-state .error=${this.error} @again=${() => this.load()}></loading-state>`;
    }
    const found = this.settings.filter((setting) => isFound(setting, this.wanted));
    return html`<div class="page">
      <search-box label=${t("settings.find")} .value=${this.wanted} @search=${this.find}></search-box>
      ${found.length === 0
        ? html`<empty-state icon="search" heading=${t("settings.noneHeading")} text=${t("settings.noneFound")}></empty-state>`
        : [...groupsOf(found)].map(([group, settings]) => this.renderGroup(group, settings))}
    </div>`;
  }

  private renderGroup(group: string, settings: readonly Setting[]) {
    const heading = tryT(`settings.group.${group}`, group);
    return html`<section class="stack" aria-label=${heading}>
      <h2>${heading}</h2>
      <div class="card" @settings-changed=${(event: CustomEvent<Setting[]>) => (this.settings = event.detail)}>
        ${repeat(
          [...settings].sort(editableFirst),
          ({ name }) => name,
          (setting) => html`<setting-line .setting=${setting}></setting-line>`,
        )}
      </div>
    </section>`;
  }

  private find(event: CustomEvent<string>): void {
    this.wanted = event.detail;
    rewriteQuery({ tab: "settings", find: this.wanted });
  }

  private async load(): Promise<void> {
    try {
      this.settings = (await listSettings()).results;
    } catch (error) {
      this.error = error;
    }
  }
}

function groupsOf(settings: readonly Setting[]): Map<string, Setting[]> {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) groups.set(groupOf(setting), [...(groups.get(groupOf(setting)) ?? []), setting]);
  return groups;
}

function editableFirst(one: Setting, other: Setting): number {
  return Number(other.is_editable) - Number(one.is_editable);
}

function isFound(setting: Setting, wanted: string): boolean {
  const text = `${setting.name} ${setting.variable} ${wordsOf(setting)}`.toLowerCase();
  return wanted.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
