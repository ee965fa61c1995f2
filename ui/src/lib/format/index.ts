/**
 * Figures in words: bytes, counts, durations, dates, in the language that is shown. The clock is passed in.
 * What the examples show is English.
 */
import { decimal, formatters } from './locale';
import { formatStrings as strings } from './strings.en';

export { decimal, type Language, LOCALES, setLocale } from './locale';

/** Windows' file manager counts in 1,024 (and writes KB); macOS and most of Linux in 1,000. */
function countsInBinary(): boolean {
  return typeof navigator !== 'undefined' && /Windows/.test(navigator.userAgent);
}

function scaled(bytes: number, base: number, units: string[], digits: (value: number) => number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base * 0.9995 && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  const text = unit === 0 ? String(Math.round(value)) : decimal(value, digits(value));
  return `${text} ${units[unit] ?? ''}`;
}

/** A size on disk, as the file manager of the platform counts: `397 MB`, `1.12 GB`. */
export function fileSize(bytes: number): string {
  const digits = (value: number) => (value < 10 ? 2 : value < 100 ? 1 : 0);
  if (countsInBinary()) return scaled(bytes, 1024, strings.windows, digits);
  return scaled(bytes, 1000, strings.decimal, digits);
}

/** Memory, which is sold and measured in powers of two: `3.3 GiB`. */
export function memorySize(bytes: number): string {
  return scaled(bytes, 1024, strings.binary, (value) => (value < 10 ? 1 : 0));
}

/** `1.54 B`, `494 M`: weights of a model. */
export function parameterCount(count: number): string {
  if (count >= 1e9) return `${decimal(count / 1e9, count >= 1e10 ? 1 : 2, 0)} ${strings.billion}`;
  if (count >= 1e6) return `${Math.round(count / 1e6)} ${strings.million}`;
  return wholeNumber(count);
}

/** A count where three figures are enough: `812`, `61.2 K`, `1.2 M`. */
export function shortCount(count: number): string {
  if (count < 1000) return wholeNumber(count);
  const [value, unit] = count < 999_500 ? [count / 1e3, strings.thousand] : [count / 1e6, strings.million];
  return `${decimal(value, value < 99.95 ? 1 : 0, 0)} ${unit}`;
}

/** A length of context as people say it: `8k`, `128k`; exact where it is no whole number of thousands. */
export function shortTokens(tokens: number): string {
  if (tokens >= 1024 && tokens % 1024 === 0) return `${tokens / 1024}k`;
  return tokens >= 10_000 ? `${Math.floor(tokens / 1024)}k` : wholeNumber(tokens);
}

/** Two sizes with one unit where they share it: `0.65–1.64 GB`, `494 MB–1.2 GB`. */
export function sizeRange(from_bytes: number, to_bytes: number): string {
  const [from, to] = [fileSize(from_bytes), fileSize(to_bytes)];
  if (from === to) return from;
  const [amount, unit] = from.split(' ');
  return to.endsWith(` ${unit}`) ? `${amount}–${to}` : `${from}–${to}`;
}

/** `32,768`. */
export function wholeNumber(count: number): string {
  return formatters().whole.format(Math.round(count));
}

/** `4,096 tokens`, `1 token`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${wholeNumber(count)} ${inNumber(count, one, many)}`;
}

/** The form of a word that agrees with a count, by the rules of the language: in French 0 is singular too. */
export function inNumber(count: number, one: string, many: string): string {
  return formatters().plural.select(count) === 'one' ? one : many;
}

/** A language by its code: `fr` as `French`; the code itself where it is none. */
export function languageName(code: string): string {
  try {
    return formatters().languages.of(code) ?? code;
  } catch {
    return code;
  }
}

/** A share as `62%`; never 100% before it is done, never 0% after it began. */
export function percent(share: number): string {
  const whole = share >= 1 || share <= 0 ? Math.min(1, Math.max(0, share)) : Math.min(0.99, Math.max(0.01, Math.round(share * 100) / 100));
  return formatters().percent.format(whole);
}

/** A stretch of time in words people use: `12 s`, `3 min`, `1 h 20 min`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 0.9995) return `${Math.max(0, Math.round(ms))} ms`;
  if (seconds < 9.95) return `${decimal(seconds, 1)} s`;
  if (seconds < 89.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return plural(Math.round(hours / 24), strings.day, strings.days);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** Time that runs, in whole seconds at first: a figure that is read while it changes. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return seconds < 10 ? `${seconds} s` : duration(seconds * 1000);
}

/** Time left at the present speed; empty while it cannot be told. */
export function timeLeft(remaining_bytes: number, bytes_per_second: number): string {
  if (bytes_per_second < 1 || remaining_bytes <= 0) return '';
  const seconds = Math.ceil(remaining_bytes / bytes_per_second);
  return strings.left(seconds < 10 ? `${seconds} s` : duration(seconds * 1000));
}

export type DayGroup = 'today' | 'yesterday' | 'week' | 'month' | { month: string };

function monthName(ms: number): string {
  const date = new Date(ms);
  const month = date.getFullYear() * 12 + date.getMonth();
  const { monthNames, month: format } = formatters();
  let name = monthNames.get(month);
  if (name === undefined) {
    name = format.format(date);
    monthNames.set(month, name);
  }
  return name;
}

function startOfDay(ms: number): number {
  const date = new Date(ms);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function daysBetween(from_ms: number, to_ms: number): number {
  // Rounded, because a day with a clock change has 23 or 25 hours.
  return Math.round((startOfDay(to_ms) - startOfDay(from_ms)) / 86_400_000);
}

/** The heading a row stands under in a list by time. */
export function dayGroup(ms: number, now_ms: number): DayGroup {
  const days = daysBetween(ms, now_ms);
  if (days <= 0) return 'today';
  if (days === 1) return 'yesterday';
  if (days < 7) return 'week';
  if (days < 30) return 'month';
  return { month: monthName(ms) };
}

/** `just now`, `5 min ago`, `14:03`, `yesterday`, `12 Mar`, `12 Mar 2024`. */
export function relativeDate(ms: number, now_ms: number): string {
  const minutes = Math.floor((now_ms - ms) / 60_000);
  if (minutes < 1) return strings.justNow;
  if (minutes < 60) return strings.minutesAgo(String(minutes));
  const days = daysBetween(ms, now_ms);
  const date = new Date(ms);
  const { time, day, dayAndYear } = formatters();
  if (days <= 0) return time.format(date);
  if (days === 1) return strings.yesterday;
  const sameYear = date.getFullYear() === new Date(now_ms).getFullYear();
  return (sameYear ? day : dayAndYear).format(date);
}

/** A day that may lie ahead: `12 Mar`, with its year when that is not this one. */
export function calendarDay(ms: number, now_ms: number): string {
  const date = new Date(ms);
  const { day, dayAndYear } = formatters();
  return (date.getFullYear() === new Date(now_ms).getFullYear() ? day : dayAndYear).format(date);
}

/** The time of day: `14:03`. */
export function clockTime(ms: number): string {
  return formatters().time.format(new Date(ms));
}

/** Day and time: `12 Mar 2024, 14:03`. */
export function dayAndTime(ms: number): string {
  return formatters().dayAndTime.format(new Date(ms));
}

/** To the second: `12/03/2024, 14:03:27`. */
export function exactTime(ms: number): string {
  return formatters().exactly.format(new Date(ms));
}

/** A message of the backend (`could not open …`) as a sentence: first letter large, period at the end. */
export function sentence(message: string): string {
  const text = message.trim();
  if (text === '') return '';
  const first = text.charAt(0).toLocaleUpperCase() + text.slice(1);
  return /[.!?…:]$/.test(first) ? first : `${first}.`;
}
