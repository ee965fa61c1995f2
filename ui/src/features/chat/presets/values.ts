/** What a chat sets itself, beside what it inherits. */
import type { ConversationSettings, Inherited, Layer, LayerValues, Parameters, PresetId } from '$/gen/protocol';
import { NO_PARAMETERS, NO_VALUES } from '$/lib/layers';

export type ParameterKey = keyof Parameters;
export type FieldKey = ParameterKey | 'system_prompt';

/** Changes of a chat's settings; what is absent stays as it is. */
export interface ChatSettings {
  preset_id?: PresetId | null;
  system_prompt?: string | null;
  parameters?: Parameters;
}

export const NO_SETTINGS: ConversationSettings = { preset_id: null, values: NO_VALUES };

export function withChanges(kept: ConversationSettings, changes: ChatSettings): ConversationSettings {
  const { system_prompt, parameters } = kept.values;
  return {
    preset_id: changes.preset_id === undefined ? kept.preset_id : changes.preset_id,
    values: {
      system_prompt: changes.system_prompt === undefined ? system_prompt : changes.system_prompt,
      parameters: changes.parameters ?? parameters,
    },
  };
}

const KEYS = Object.keys(NO_PARAMETERS) as ParameterKey[];

/** Equal, as far as single precision tells: that is what the backend keeps of a fraction. */
export function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    return a === b || (!Number.isInteger(a) && Math.fround(a) === Math.fround(b));
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, index) => one === b[index]);
  return a === b;
}

function valueOf(values: LayerValues, key: FieldKey): unknown {
  return key === 'system_prompt' ? values.system_prompt : values.parameters[key];
}

/** The fields that `own` sets otherwise than they would be without it. */
export function differences(own: LayerValues, inherited: Inherited): FieldKey[] {
  const fields: FieldKey[] = ['system_prompt', ...KEYS];
  return fields.filter((key) => {
    const value = valueOf(own, key);
    return value !== null && !same(value, valueOf(inherited.values, key));
  });
}

/** A field that is a text of lines; empty where it is not set. */
export function textOf(values: LayerValues, key: 'system_prompt' | 'structured_output'): string {
  return (key === 'system_prompt' ? values.system_prompt : values.parameters.structured_output) ?? '';
}

/** Where an inherited value comes from; what no layer names is the engine's. */
export function originOf(inherited: Inherited, key: FieldKey): Layer {
  return inherited.origins[key] ?? 'engine';
}

/** What holds now and was set by a person: for a preset that is to work as this chat does, whatever the defaults become. */
export function presentValues(own: LayerValues, inherited: Inherited): LayerValues {
  const chosen = (key: FieldKey) => ['settings', 'preset'].includes(originOf(inherited, key));
  const value = <K extends ParameterKey>(key: K): Parameters[K] =>
    own.parameters[key] ?? (chosen(key) ? inherited.values.parameters[key] : null);
  return {
    system_prompt: own.system_prompt ?? (chosen('system_prompt') ? inherited.values.system_prompt : null),
    parameters: Object.fromEntries(KEYS.map((key) => [key, value(key)])) as unknown as Parameters,
  };
}
