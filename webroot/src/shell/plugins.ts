/** A plugin's own script: loaded when something of it is first shown, once. */

/** Rejects where the module cannot be loaded or does not define the element. */
export async function makeElement(plugin: string, module: string, element: string): Promise<HTMLElement> {
  if (!customElements.get(element)) {
    await import(new URL(`static/plugins/${plugin}/${module}`, document.baseURI).href);
  }
  if (!customElements.get(element)) throw new Error(`${module} does not define ${element}`);
  return document.createElement(element);
}
