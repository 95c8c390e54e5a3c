/** Light, dark, or as the system has it: an attribute of the root that tokens.css turns into color-scheme. */
import { recall, remember } from "./storage";
import { Store } from "./store";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = new Store<Theme>("system");

const BAR = { light: "#f6f7f9", dark: "#14161c" };

/** What this browser remembers, shown. */
export function takeUpTheme(): void {
  theme.set(THEMES.find((name) => name === recall("theme")) ?? "system");
  applyTheme();
}

function applyTheme(): void {
  document.documentElement.dataset["theme"] = theme.value;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const system = meta.media.includes("dark") ? "dark" : "light";
    meta.content = BAR[theme.value === "system" ? system : theme.value];
  }
}

export function chooseTheme(name: Theme): void {
  remember("theme", name);
  theme.set(name);
  applyTheme();
}
