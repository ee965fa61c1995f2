/**
 * The language of the page.
 *
 * Every text stands in a table of a `strings.en.ts` file, and whoever shows it reads that table. Another language
 * is a table of the same shape in the `strings.fr.ts` beside it, which the compiler checks (`Translation`): a text
 * that is missing does not compile. To show it, its texts are put into the tables that everybody reads (`translate`)
 * and what is on screen is drawn anew; so no part of the page knows which languages there are.
 *
 * A text must be read when it is shown, not when its module is loaded.
 */
import type { LanguageChoice } from '$/gen/protocol';
import type { Language } from '$/lib/format';

export type { Language } from '$/lib/format';

/** A table in another language: the same names, the same placeholders. */
export type Translation<T> = T extends string
  ? string
  : T extends (...values: infer Values) => string
    ? (...values: Values) => string
    : { readonly [Name in keyof T]: Translation<T[Name]> };

/** Tables by name, or one of them, or a group of texts in one. */
export interface Texts {
  [name: string]: unknown;
}

const isGroup = (value: unknown): value is Texts => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same groups with the same texts in them, to go back to. */
export function copyOf(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, isGroup(value) ? copyOf(value) : value]));
}

/** Puts the texts of one language into the tables of another. A group stays the object it is, since others hold it. */
export function translate(tables: Texts, texts: Texts): void {
  for (const [name, value] of Object.entries(texts)) {
    const group = tables[name];
    if (isGroup(group) && isGroup(value)) translate(group, value);
    else tables[name] = value;
  }
}

/** What a choice comes to for a reader of these languages, the best first: English where there is nothing better. */
export function languageFor(choice: LanguageChoice, wanted: readonly string[]): Language {
  if (choice !== 'system') return choice;
  const known = wanted.map((tag) => tag.toLowerCase().split('-')[0]).find((code) => code === 'en' || code === 'fr');
  return known === 'fr' ? 'fr' : 'en';
}
