/** Theme and language go with the account: kept there when they are chosen, taken up where a browser has none chosen. */
import { getConfig, patchConfig } from "../api/account";
import { chooseLanguage, LANGUAGES, loadLanguage } from "./i18n";
import { recall } from "./storage";
import { chooseTheme, type Theme, THEMES } from "./theme";

/** After signing in. Without an answer, or with a value of another release, everything stays as it is. */
export async function takeUpPreferences(): Promise<void> {
  if (recall("theme") !== null && recall("language") !== null) return;
  const { values } = await getConfig();
  const theme = THEMES.find((name) => name === values["app.theme"]);
  const language = Object.keys(LANGUAGES).find((name) => name === values["app.language"]);
  if (theme && recall("theme") === null) chooseTheme(theme);
  if (!language || recall("language") !== null) return;
  chooseLanguage(language);
  await loadLanguage();
}

export async function keepTheme(name: Theme): Promise<void> {
  chooseTheme(name);
  await keep("app.theme", name);
}

/** Takes effect at the next load. */
export async function keepLanguage(name: string): Promise<void> {
  chooseLanguage(name);
  await keep("app.language", name);
}

/** The choice holds in this browser already: that the account does not know of it is no reason to disturb. */
async function keep(name: string, value: string): Promise<void> {
  await patchConfig({ [name]: value }).catch(() => undefined);
}
