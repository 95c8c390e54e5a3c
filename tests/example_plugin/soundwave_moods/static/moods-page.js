/** The page at /moods/. It needs no build: the app's own Lit and API client come from sdk.js. */
import { LitElement, api, css, html } from "../../sdk.js";

class MoodsPage extends LitElement {
  static properties = { moods: { state: true } };

  static styles = css`
    ul { list-style: none; margin: 0; padding: 0; }
    li { align-items: center; display: flex; gap: 0.75rem; min-height: 3rem; }
    span { flex: 1; }
  `;

  constructor() {
    super();
    this.moods = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.load();
  }

  async load() {
    const { results } = await api.get("api/mood/");
    const titles = results.map(({ track_id }) => api.get(`api/audio/${track_id}/`).then(({ title }) => title, () => null));
    const found = await Promise.all(titles);
    this.moods = results.map((mood, index) => ({ ...mood, title: found[index] }));
  }

  async remove(mood) {
    await api.delete(`api/mood/${mood.id}/`);
    await this.load();
  }

  render() {
    if (this.moods === null) return html`<p>Loading…</p>`;
    if (this.moods.length === 0) return html`<p>Nothing has a mood yet.</p>`;
    return html`<ul>
      ${this.moods.map(
        (mood) => html`<li>
          <span>${mood.title ?? "A track that is gone"}: ${mood.word}</span>
          <button type="button" @click=${() => this.remove(mood)}>Take back</button>
        </li>`,
      )}
    </ul>`;
  }
}

customElements.define("moods-page", MoodsPage);
