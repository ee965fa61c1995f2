/** The language on screen. What shows texts stands in a `{#key shown.language}`, so that all of it is drawn anew. */
import type { LanguageChoice } from '$/gen/protocol';
import { setLocale } from '$/lib/format';
import { copyOf, languageFor, translate, type Language, type Texts } from '$/lib/language';
import { ENGLISH } from './english';

const KEY = 'sirocco.language';
const CHOICES: readonly LanguageChoice[] = ['system', 'en', 'fr'];

/** As the tables were when the page was loaded. */
const originals = copyOf(ENGLISH);

async function textsOf(language: Language): Promise<Texts> {
  return language === 'fr' ? (await import('./french')).FRENCH : originals;
}

export class ShownLanguage {
  language = $state<Language>('en');
  /** A choice that is overtaken while its texts are fetched is dropped. */
  #asked = 0;

  /** Shows the language of a choice, and remembers the choice for the next start. */
  async show(choice: LanguageChoice): Promise<void> {
    const asked = ++this.#asked;
    const language = languageFor(choice, navigator.languages);
    const texts = await textsOf(language);
    if (asked !== this.#asked) return;
    translate(ENGLISH, texts);
    setLocale(language);
    document.documentElement.lang = language;
    this.language = language;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // Without storage the next start begins in the system's language for a blink; nothing else is lost.
    }
  }

  /** What was chosen last on this machine, before the settings are there. */
  remembered(): LanguageChoice {
    try {
      const kept = localStorage.getItem(KEY);
      return CHOICES.find((choice) => choice === kept) ?? 'system';
    } catch {
      return 'system';
    }
  }
}
