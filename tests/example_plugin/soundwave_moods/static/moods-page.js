/** The page at /moods/. It needs no build: the app's own Lit, API client and looks come from sdk.js. */
import { LitElement, attempt, client, css, html, shared } from "../../sdk.js";

class MoodsPage extends LitElement {
  static properties = { moods: { state: true } };

  static styles = [
    ...shared,
    css`
      li {
        align-items: center;
        display: flex;
        gap: var(--space-4);
        min-height: 3rem;
      }
      span {
        flex: 1;
      }
    `,
  ];

  constructor() {
    super();
    this.moods = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.load();
  }

  /** What goes wrong in attempt() is shown to the user. */
  load() {
    return attempt(async () => {
      this.moods = (await client.get("api/mood/")).results;
    });
  }

  remove(mood) {
    return attempt(async () => {
      await client.delete(`api/mood/${mood.id}/`);
      await this.load();
    });
  }

  render() {
    return html`<div class="page">
      <header class="page-head"><h1>Moods</h1></header>
      ${this.moods?.length === 0 ? html`<p>Nothing has a mood yet.</p>` : ""}
      <ul role="list">
        ${this.moods?.map((mood) => this.renderMood(mood))}
      </ul>
    </div>`;
  }

  renderMood(mood) {
    return html`<li>
      <span>${mood.title}: ${mood.word}</span>
      <button class="button" @click=${() => this.remove(mood)}>Take back</button>
    </li>`;
  }
}

customElements.define("moods-page", MoodsPage);
