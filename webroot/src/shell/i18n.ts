/** Words. Catalogues are locales/*.json; English is the source, and the fallback of every other. */
import type english from "../../locales/en.json";
import { ApiError } from "../api/errors";
import { recall, remember } from "./storage";

export type Key = keyof typeof english;
export type Params = Readonly<Record<string, string | number>>;

type Entry = string | Partial<Record<Intl.LDMLPluralRule, string>>;
type Catalogue = Readonly<Record<string, Entry>>;

export const LANGUAGES: Readonly<Record<string, string>> = { en: "English", ro: "Română" };

export let language = chosenLanguage();
let catalogues: readonly Catalogue[] = [];
let plurals = new Intl.PluralRules(language);

/** Load the words of the language that is chosen now; rejects only where English cannot be had. */
export async function loadLanguage(): Promise<void> {
  const name = chosenLanguage();
  const chosen = name === "en" ? [] : [load(name).catch(() => ({}))];
  catalogues = await Promise.all([...chosen, load("en")]);
  language = name;
  plurals = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

/** The text of a key. `{name}` is replaced; a key with plural forms takes `count`. */
export function t(key: Key, params: Params = {}): string {
  return find(key, params) ?? key;
}

/** For keys that are put together from the server's words; `fallback` where there is none. */
export function tryT(key: string, fallback: string, params: Params = {}): string {
  return find(key, params) ?? fallback;
}

/** What to tell the user about an error: by its code, else the server's sentence. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) return said("error", error.code, error.sentence);
  return t("error.unexpected");
}

/** Why a download or one of its items failed. */
export function explainFault(code: string | null, sentence: string | null): string {
  return said("fault", code, sentence ?? t("error.unexpected"));
}

/** The server speaks English, and may know more than its code says. */
function said(kind: "error" | "fault", code: string | null, sentence: string): string {
  return language === "en" && sentence ? sentence : tryT(`${kind}.${code}`, sentence);
}

/** Takes effect with `loadLanguage`; what is drawn already keeps its words. */
export function chooseLanguage(name: string): void {
  remember("language", name);
}

function chosenLanguage(): string {
  const wishes = [recall<string>("language"), ...navigator.languages.map((tag) => tag.split("-")[0])];
  return wishes.find((name): name is string => name != null && name in LANGUAGES) ?? "en";
}

async function load(name: string): Promise<Catalogue> {
  const address = SOUNDWAVE_LOCALES[name];
  if (!address) throw new Error(`no catalogue for ${name}`);
  const response = await fetch(new URL(address, document.baseURI));
  if (!response.ok) throw new Error(`the catalogue for ${name} answered ${response.status}`);
  return (await response.json()) as Catalogue;
}

function find(key: string, params: Params): string | null {
  for (const catalogue of catalogues) {
    const entry = catalogue[key];
    const text = typeof entry === "object" ? pick(entry, params) : entry;
    if (text !== undefined) return fill(text, params);
  }
  return null;
}

function pick(forms: Partial<Record<Intl.LDMLPluralRule, string>>, params: Params): string | undefined {
  return forms[plurals.select(Number(params["count"] ?? 0))] ?? forms.other;
}

function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(language) : value;
  });
}
