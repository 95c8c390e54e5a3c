/** The keyboard's place, where what had it goes away. */

/** After a dialog it goes back to where it was; where that is gone (an item of a menu), to what held it. */
export async function giveBackFocus<T>(dialog: Promise<T>): Promise<T> {
  const before = focused();
  const answer = await dialog;
  for (const element of before) {
    if (focused().length > 0) break;
    element.focus();
  }
  return answer;
}

/** What has it, and the elements in whose trees that is, from within; empty where nothing has it. */
function focused(): HTMLElement[] {
  const found: HTMLElement[] = [];
  let at = document.activeElement;
  for (; at instanceof HTMLElement && at !== document.body; at = at.shadowRoot?.activeElement ?? null) found.unshift(at);
  return found;
}
