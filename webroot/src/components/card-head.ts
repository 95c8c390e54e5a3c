/** The head of a card: what it is, and in a sentence what it is for. */
import { html } from "lit";

export function cardHead(heading: string, text: string) {
  return html`<div>
    <h2>${heading}</h2>
    <p class="soft small">${text}</p>
  </div>`;
}
