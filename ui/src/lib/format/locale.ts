/**
 * The formatters of the language that is shown. They are made once for it: making one costs more than a
 * thousand uses of it, and lists of 10,000 rows ask for each.
 */

/** English counts as Americans do and writes dates as everybody else does. */
export const LOCALES = {
  en: { numbers: 'en', dates: 'en-GB' },
  fr: { numbers: 'fr', dates: 'fr' },
} as const;

/** A language that the page has texts in. */
export type Language = keyof typeof LOCALES;

function formattersOf(language: Language) {
  const { numbers, dates } = LOCALES[language];
  return {
    language,
    whole: new Intl.NumberFormat(numbers, { maximumFractionDigits: 0 }),
    percent: new Intl.NumberFormat(numbers, { style: 'percent', maximumFractionDigits: 0 }),
    plural: new Intl.PluralRules(numbers),
    month: new Intl.DateTimeFormat(numbers, { month: 'long', year: 'numeric' }),
    time: new Intl.DateTimeFormat(dates, { hour: '2-digit', minute: '2-digit' }),
    day: new Intl.DateTimeFormat(dates, { day: 'numeric', month: 'short' }),
    dayAndYear: new Intl.DateTimeFormat(dates, { day: 'numeric', month: 'short', year: 'numeric' }),
    dayAndTime: new Intl.DateTimeFormat(dates, { dateStyle: 'medium', timeStyle: 'short' }),
    exactly: new Intl.DateTimeFormat(dates, { dateStyle: 'short', timeStyle: 'medium' }),
    languages: new Intl.DisplayNames([numbers], { type: 'language', fallback: 'code' }),
    decimals: new Map<string, Intl.NumberFormat>(),
    monthNames: new Map<number, string>(),
  };
}

let current = formattersOf('en');

export const formatters = () => current;

/** Figures and dates are written in this language from now on. */
export function setLocale(language: Language): void {
  if (language !== current.language) current = formattersOf(language);
}

/** With so many digits behind the point, or at most so many if `least` says fewer. */
export function decimal(value: number, most: number, least = most): string {
  const key = `${least}-${most}`;
  let format = current.decimals.get(key);
  if (!format) {
    const { numbers } = LOCALES[current.language];
    format = new Intl.NumberFormat(numbers, { minimumFractionDigits: least, maximumFractionDigits: most, useGrouping: false });
    current.decimals.set(key, format);
  }
  return format.format(value);
}
