/** The sampling parameters as rows: their names and ranges, as the protocol documents them. */

import type { ContextOverflow, Parameters, Reasoning, ReasoningControl } from '$/gen/protocol';
import type { FieldKey, ParameterKey } from './presets/values';
import { chatStrings } from './strings.en';

export type NumberKey = Exclude<ParameterKey, 'stop' | 'context_overflow' | 'reasoning' | 'structured_output'>;

export interface ParameterRow {
  key: NumberKey;
  name: string;
  /** What it does, in one line. */
  hint: string;
  low: number;
  high: number;
  step: number;
  /** Words for a missing value. */
  none?: string | undefined;
  /** The value that switches it off. */
  off?: number;
  /** A plain field, because a slider over such a range helps nobody. */
  field?: boolean;
}

const strings = chatStrings.parameters;

/** Its words are read when they are shown, in the language of that moment. */
const row = (key: NumberKey, low: number, high: number, step: number, more: Pick<ParameterRow, 'off' | 'field'> = {}): ParameterRow => ({
  key,
  low,
  high,
  step,
  ...more,
  get name() {
    return strings.fields[key][0];
  },
  get hint() {
    return strings.fields[key][1];
  },
  get none() {
    if (key === 'max_tokens') return strings.noLimit;
    return key === 'seed' ? strings.fresh : undefined;
  },
});

export const SAMPLING: readonly ParameterRow[] = [
  row('temperature', 0, 2, 0.05),
  row('top_p', 0, 1, 0.01),
  row('top_k', 0, 200, 1, { off: 0 }),
  row('min_p', 0, 1, 0.01, { off: 0 }),
  row('repeat_penalty', 0.5, 2, 0.05, { off: 1 }),
];

export const LENGTH: readonly ParameterRow[] = [
  row('max_tokens', 1, 1_000_000, 1, { field: true }),
  row('seed', 0, Number.MAX_SAFE_INTEGER, 1, { field: true }),
];

export const ADVANCED: readonly ParameterRow[] = [
  row('typical_p', 0, 1, 0.01, { off: 1 }),
  row('repeat_last_n', 0, 4096, 16),
  row('presence_penalty', -2, 2, 0.1, { off: 0 }),
  row('frequency_penalty', -2, 2, 0.1, { off: 0 }),
  row('xtc_probability', 0, 1, 0.01, { off: 0 }),
  row('xtc_threshold', 0, 0.5, 0.01),
  row('dry_multiplier', 0, 5, 0.05, { off: 0 }),
  row('dry_base', 1, 4, 0.05),
  row('dry_allowed_length', 1, 32, 1),
];

/** What can be chosen about the thinking of a model whose template lets so much be said, and what is chosen already. */
export function reasonings(control: ReasoningControl, chosen: Reasoning): Reasoning[] {
  const all: Reasoning[] = ['template', 'off', 'on', 'low', 'medium', 'high'];
  return all.filter((one) => {
    if (one === 'template' || one === chosen) return true;
    return one === 'off' || one === 'on' ? control.on_off : control.effort;
  });
}

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
  if (key === 'reasoning') return chatStrings.reasoning.label;
  if (key === 'structured_output') return chatStrings.structured.label;
  return ROWS.get(key)?.name ?? key;
}

/** A value as it is written in a sentence. */
export function fieldWords(key: ParameterKey, value: Parameters[ParameterKey]): string {
  if (key === 'structured_output') return value ? chatStrings.structured.aSchema : chatStrings.parameters.nothing;
  if (key === 'reasoning' && value !== null) return chatStrings.reasoning.name(value as Reasoning);
  if (typeof value === 'string') return chatStrings.context.overflowName(value as ContextOverflow);
  if (Array.isArray(value)) return value.map((text) => JSON.stringify(text)).join(', ') || chatStrings.parameters.nothing;
  const row = ROWS.get(key);
  if (value !== null && row) return figure(row, value);
  return row?.none ?? chatStrings.parameters.nothing;
}
