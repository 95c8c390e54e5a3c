/** All settings: what is in force, where it comes from, and another value where that is possible. */
import { html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";

import { listSettings, patchSetting } from "../api/system";
import type { Setting, SettingValue } from "../api/types";
import { t } from "../shell/i18n";
import { toast, toastError } from "../shell/toasts";
import { shared } from "../styles/shared";
import "./loading-state";
import "./setting-line";
import { css } from "lit";

@customElement("admin-settings")
export class AdminSettings extends LitElement {
  @state() private settings: readonly Setting[] | null = null;
  @state() private error: unknown = null;

  static override styles = [
    ...shared,
    css`
      h2 {
        padding-block-end: var(--space-2);
      }
      .card {
        padding-block: var(--space-1);
      }
      section + section {
        margin-block-start: var(--space-6);
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
    return html`<div>
      ${[...groupsOf(this.settings)].map(
        ([name, settings]) => html`<section>
          <h2>${name || t("settings.core")}</h2>
          <div class="card" @save-setting=${this.save}>
            ${settings.map((setting) => html`<setting-line .setting=${setting}></setting-line>`)}
          </div>
        </section>`,
      )}
    </div>`;
  }

  private async load(): Promise<void> {
    try {
      this.settings = (await listSettings()).results;
    } catch (error) {
      this.error = error;
    }
  }

  private async save(event: CustomEvent<{ name: string; value: SettingValue }>): Promise<void> {
    const { name, value } = event.detail;
    try {
      this.settings = (await patchSetting(name, value)).results;
      toast(t("settings.saved", { name }));
    } catch (error) {
      toastError(error);
    }
  }
}

/** By plugin: what stands before the dot. */
function groupsOf(settings: readonly Setting[]): Map<string, Setting[]> {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) {
    const group = setting.name.includes(".") ? (setting.name.split(".")[0] ?? "") : "";
    groups.set(group, [...(groups.get(group) ?? []), setting]);
  }
  return groups;
}
