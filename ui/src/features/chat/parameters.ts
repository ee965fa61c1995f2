/** The sampling parameters as rows: their names and ranges, as the protocol documents them. */

import type { Parameters } from '$/gen/protocol';
import type { FieldKey, ParameterKey } from './presets/values';
import { chatStrings } from './strings.en';

export type NumberKey = Exclude<ParameterKey, 'stop' | 'context_overflow'>;

export interface ParameterRow {
  key: NumberKey;
  name: string;
  /** What it does, in one line. */
  hint: string;
  low: number;
  high: number;
  step: number;
  /** Words for a missing value. */
  none?: string;
  /** The value that switches it off. */
  off?: number;
  /** A plain field, because a slider over such a range helps nobody. */
  field?: boolean;
}

const row = (key: NumberKey, name: string, low: number, high: number, step: number, hint: string, more: Partial<ParameterRow> = {}): ParameterRow => ({
  key, name, low, high, step, hint, ...more,
});

export const SAMPLING: readonly ParameterRow[] = [
  row('temperature', 'Temperature', 0, 2, 0.05, 'Higher is more surprising; 0 always takes the likeliest token.'),
  row('top_p', 'Top p', 0, 1, 0.01, 'Keeps the likeliest tokens up to this share.'),
  row('top_k', 'Top k', 0, 200, 1, 'Keeps this many of the likeliest tokens.', { off: 0 }),
  row('min_p', 'Min p', 0, 1, 0.01, 'Drops tokens under this share of the likeliest.', { off: 0 }),
  row('repeat_penalty', 'Repeat penalty', 0.5, 2, 0.05, 'Makes recent tokens less likely.', { off: 1 }),
];

export const LENGTH: readonly ParameterRow[] = [
  row('max_tokens', 'Max tokens', 1, 1_000_000, 1, 'The longest answer, in tokens.', { none: 'no limit', field: true }),
  row('seed', 'Seed', 0, Number.MAX_SAFE_INTEGER, 1, 'The same seed gives the same text.', { none: 'fresh', field: true }),
];

export const ADVANCED: readonly ParameterRow[] = [
  row('typical_p', 'Typical p', 0, 1, 0.01, 'Keeps tokens that are about as surprising as expected.', { off: 1 }),
  row('repeat_last_n', 'Repeat last n', 0, 4096, 16, 'How many tokens count as recent.'),
  row('presence_penalty', 'Presence penalty', -2, 2, 0.1, 'Flat penalty on tokens that were used.', { off: 0 }),
  row('frequency_penalty', 'Frequency penalty', -2, 2, 0.1, 'Penalty for each earlier use.', { off: 0 }),
  row('xtc_probability', 'XTC probability', 0, 1, 0.01, 'Chance that the likeliest tokens are left out.', { off: 0 }),
  row('xtc_threshold', 'XTC threshold', 0, 0.5, 0.01, 'Share above which XTC leaves tokens out.'),
  row('dry_multiplier', 'DRY multiplier', 0, 5, 0.05, 'Strength of the penalty on repeated phrases.', { off: 0 }),
  row('dry_base', 'DRY base', 1, 4, 0.05, 'How fast that penalty grows.'),
  row('dry_allowed_length', 'DRY allowed length', 1, 32, 1, 'Repeats up to this length are free.'),
];

export const MOST_STOPS = 16;

/** A figure within the row's range, or null for nonsense. */
export function within(row: ParameterRow, text: string): number | null {
  const value = Number(text.trim().replace(',', '.'));
  if (text.trim() === '' || !Number.isFinite(value)) return null;
  const bounded = Math.min(row.high, Math.max(row.low, value));
  return row.step >= 1 ? Math.round(bounded) : bounded;
}

/** As many decimals as the row's steps have. */
export function figure(row: ParameterRow, value: number): string {
  if (row.step >= 1) return String(value);
  const decimals = row.step < 0.1 ? 2 : 1;
  return value.toFixed(decimals);
}

const ROWS = new Map<string, ParameterRow>([...SAMPLING, ...LENGTH, ...ADVANCED].map((one) => [one.key, one]));

/** What a setting is called. */
export function fieldName(key: FieldKey): string {
  if (key === 'system_prompt') return chatStrings.parameters.systemPrompt;
  if (key === 'stop') return chatStrings.parameters.stops;
  if (key === 'context_overflow') return chatStrings.context.overflow;
  return ROWS.get(key)?.name ?? key;
}

/** A value as it is written in a sentence. */
export function fieldWords(key: ParameterKey, value: Parameters[ParameterKey]): string {
  if (typeof value === 'string') return chatStrings.context.overflowName(value);
  if (Array.isArray(value)) return value.map((text) => JSON.stringify(text)).join(', ') || chatStrings.parameters.nothing;
  const row = ROWS.get(key);
  if (value !== null && row) return figure(row, value);
  return row?.none ?? chatStrings.parameters.nothing;
}
