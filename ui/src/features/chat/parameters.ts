/** The sampling parameters as rows: their names, ranges and defaults, as the protocol documents them. */

import type { Parameters } from '$/gen/protocol';

export type NumberKey = Exclude<keyof Parameters, 'stop'>;

export interface ParameterRow {
  key: NumberKey;
  name: string;
  /** What it does, in one line. */
  hint: string;
  low: number;
  high: number;
  step: number;
  /** What `null` means; null where it means "none". */
  default: number | null;
  /** Words for a missing value. */
  none?: string;
  /** The value that switches it off. */
  off?: number;
  /** A plain field, because a slider over such a range helps nobody. */
  field?: boolean;
}

const row = (key: NumberKey, name: string, low: number, high: number, step: number, value: number | null, hint: string, more: Partial<ParameterRow> = {}): ParameterRow => ({
  key, name, low, high, step, default: value, hint, ...more,
});

export const SAMPLING: readonly ParameterRow[] = [
  row('temperature', 'Temperature', 0, 2, 0.05, 0.7, 'Higher is more surprising; 0 always takes the likeliest token.'),
  row('top_p', 'Top p', 0, 1, 0.01, 0.95, 'Keeps the likeliest tokens up to this share.'),
  row('top_k', 'Top k', 0, 200, 1, 40, 'Keeps this many of the likeliest tokens.', { off: 0 }),
  row('min_p', 'Min p', 0, 1, 0.01, 0.05, 'Drops tokens under this share of the likeliest.', { off: 0 }),
  row('repeat_penalty', 'Repeat penalty', 0.5, 2, 0.05, 1, 'Makes recent tokens less likely.', { off: 1 }),
];

export const LENGTH: readonly ParameterRow[] = [
  row('max_tokens', 'Max tokens', 1, 1_000_000, 1, null, 'The longest answer, in tokens.', { none: 'no limit', field: true }),
  row('seed', 'Seed', 0, Number.MAX_SAFE_INTEGER, 1, null, 'The same seed gives the same text.', { none: 'fresh', field: true }),
];

export const ADVANCED: readonly ParameterRow[] = [
  row('typical_p', 'Typical p', 0, 1, 0.01, 1, 'Keeps tokens that are about as surprising as expected.', { off: 1 }),
  row('repeat_last_n', 'Repeat last n', 0, 4096, 16, 64, 'How many tokens count as recent.'),
  row('presence_penalty', 'Presence penalty', -2, 2, 0.1, 0, 'Flat penalty on tokens that were used.', { off: 0 }),
  row('frequency_penalty', 'Frequency penalty', -2, 2, 0.1, 0, 'Penalty for each earlier use.', { off: 0 }),
  row('xtc_probability', 'XTC probability', 0, 1, 0.01, 0, 'Chance that the likeliest tokens are left out.', { off: 0 }),
  row('xtc_threshold', 'XTC threshold', 0, 0.5, 0.01, 0.1, 'Share above which XTC leaves tokens out.'),
  row('dry_multiplier', 'DRY multiplier', 0, 5, 0.05, 0, 'Strength of the penalty on repeated phrases.', { off: 0 }),
  row('dry_base', 'DRY base', 1, 4, 0.05, 1.75, 'How fast that penalty grows.'),
  row('dry_allowed_length', 'DRY allowed length', 1, 32, 1, 2, 'Repeats up to this length are free.'),
];

export const MOST_STOPS = 16;

export function isChanged(parameters: Parameters, row: ParameterRow): boolean {
  const value = parameters[row.key];
  return value !== null && value !== row.default;
}

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

export const DEFAULTS: Parameters = {
  temperature: null, top_k: null, top_p: null, min_p: null, typical_p: null, xtc_probability: null, xtc_threshold: null,
  dry_multiplier: null, dry_base: null, dry_allowed_length: null, repeat_penalty: null, repeat_last_n: null,
  presence_penalty: null, frequency_penalty: null, seed: null, max_tokens: null, stop: [],
};
