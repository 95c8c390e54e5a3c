/** A line in every track's menu. The app sets `track`; an element with the role menuitem closes the menu. */
import { LitElement, ask, attempt, client, html, icon, menus, shared, toast } from "../../sdk.js";

class MoodAction extends LitElement {
  static properties = { track: { attribute: false } };

  static styles = [...shared, menus];

  render() {
    return html`<button class="item" role="menuitem" @click=${this.choose}>
      ${icon("heart", 20)}<span>Say what it feels like</span>
    </button>`;
  }

  async choose() {
    const { id, title } = this.track;
    const word = await ask({ title, action: "Save", field: { label: "Mood", value: "calm" } });
    if (word === null) return;
    const isKept = await attempt(() => client.post("api/mood/", { track: id, word }));
    if (isKept) toast(`${title} is ${word}.`);
  }
}

customElements.define("mood-action", MoodAction);
