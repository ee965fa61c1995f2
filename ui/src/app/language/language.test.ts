/** The texts of all languages: the same names, the same placeholders, the right spaces. */
import { afterEach, describe, expect, it } from 'vitest';
import { fileSize, percent, plural, relativeDate, setLocale, wholeNumber } from '$/lib/format';
import { copyOf, languageFor, type Texts } from '$/lib/language';
import { chatStrings } from '$/features/chat/strings.en';
import { ENGLISH } from './english';
import { FRENCH } from './french';
import { ShownLanguage } from './shown.svelte';

const NARROW = '\u202f';

/** Every text of a table, by its path. */
function* leaves(texts: unknown, path = ''): Generator<[string, unknown]> {
  if (typeof texts !== 'object' || texts === null) {
    yield [path, texts];
    return;
  }
  for (const [name, value] of Object.entries(texts)) yield* leaves(value, path === '' ? name : `${path}.${name}`);
}

/** The value for a placeholder: a figure that no text has, and that counts, texts and words all show. */
const valueOf = (place: number): number => 7001 + place;

/** A text with values in it, without what groups their digits; nothing if it takes other things than figures. */
function filled(text: unknown): string | null {
  if (typeof text !== 'function') return null;
  try {
    const shown: unknown = text(...Array.from({ length: text.length }, (_, place) => valueOf(place)));
    return String(shown).replace(/(?<=\d)[,\s](?=\d)/gu, '');
  } catch {
    return null;
  }
}

const english = new Map(leaves(copyOf(ENGLISH)));
const french = new Map(leaves(FRENCH));

describe('the French texts', () => {
  it('are there for every English text, and no others', () => {
    expect([...french.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('are in a table for every table of the sources', () => {
    const sources = import.meta.glob<Texts>('../../**/*.en.ts', { eager: true });
    const tables = Object.values(sources).flatMap((module) => Object.keys(module));
    expect([...new Set(tables)].sort()).toEqual(Object.keys(ENGLISH).sort());
  });

  it('take the same values as the English ones', () => {
    for (const [path, text] of english) {
      const translated = french.get(path);
      expect(typeof translated, path).toBe(typeof text);
      if (typeof text === 'function' && typeof translated === 'function') expect(translated.length, path).toBeLessThanOrEqual(text.length);
    }
  });

  it('show every value that the English ones show', () => {
    for (const [path, text] of english) {
      const [shown, translated] = [filled(text), filled(french.get(path))];
      if (shown === null || translated === null) continue;
      for (let place = 0; place < (text as () => string).length; place += 1) {
        const value = String(valueOf(place));
        expect(translated.includes(value), `${path} with value ${place}: ${translated}`).toBe(shown.includes(value));
      }
    }
  });

  it('have narrow spaces that do not break before and inside of signs', () => {
    for (const [path, text] of french) {
      const words = typeof text === 'string' ? text : filled(text);
      if (words === null || words.includes('://')) continue;
      // Before these, after an opening quote, and an apostrophe that is a letter's, not a program's.
      expect(words, path).not.toMatch(/[^\u202f](?:[;!?»]|:(?=\s|$))|«[^\u202f]|'/u);
    }
  });
});

describe('the language', () => {
  const shown = new ShownLanguage();
  afterEach(() => shown.show('en'));

  it('is that of the system where it is known, and English elsewhere', () => {
    expect(languageFor('system', ['fr-CA', 'en'])).toBe('fr');
    expect(languageFor('system', ['de', 'fr'])).toBe('fr');
    expect(languageFor('system', ['en-GB', 'fr'])).toBe('en');
    expect(languageFor('system', ['ja'])).toBe('en');
    expect(languageFor('fr', ['en'])).toBe('fr');
  });

  it('is changed and changed back in the tables that all read', async () => {
    const { turn } = chatStrings;
    await shown.show('fr');
    expect(shown.language).toBe('fr');
    expect(document.documentElement.lang).toBe('fr');
    expect(turn.copy).toBe('Copier');
    expect(turn.version(1, 2)).toBe('Version 1 sur 2');
    expect(shown.remembered()).toBe('fr');
    await shown.show('en');
    expect(turn.copy).toBe('Copy');
    expect(document.documentElement.lang).toBe('en');
  });

  it('that was chosen last wins, however long its texts take', async () => {
    await Promise.all([shown.show('fr'), shown.show('en')]);
    expect(shown.language).toBe('en');
    expect(chatStrings.turn.copy).toBe('Copy');
  });
});

describe('figures in French', () => {
  const shown = new ShownLanguage();
  afterEach(() => {
    setLocale('en');
    return shown.show('en');
  });

  it('have the commas, units and plurals of the language', async () => {
    await shown.show('fr');
    expect(fileSize(1_120_000_000)).toBe('1,12 Go');
    expect(wholeNumber(32_768)).toBe(`32${NARROW}768`);
    expect(percent(0.62)).toMatch(/^62\s%$/u);
    expect(plural(0, 'token')).toBe('0 token');
    expect(plural(1, 'token')).toBe('1 token');
    expect(plural(2, 'token')).toBe('2 tokens');
    const now = new Date(2024, 2, 12, 14, 3).getTime();
    expect(relativeDate(now - 5 * 60_000, now)).toBe('il y a 5 min');
    expect(relativeDate(now - 86_400_000, now)).toBe('hier');
    expect(relativeDate(new Date(2023, 2, 12).getTime(), now)).toBe('12 mars 2023');
  });
});
