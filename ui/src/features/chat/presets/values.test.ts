import { describe, expect, it } from 'vitest';
import type { Inherited, LayerValues, Parameters } from '$/gen/protocol';
import { NO_PARAMETERS, NO_VALUES, over } from '$/lib/layers';
import { differences, NO_SETTINGS, presentValues, same, withChanges } from './values';

const values = (parameters: Partial<Parameters>, system_prompt: string | null = null): LayerValues => ({
  system_prompt,
  parameters: { ...NO_PARAMETERS, ...parameters },
});

const inherited: Inherited = {
  preset: null,
  values: values({ temperature: Math.fround(0.7), top_k: 40, top_p: Math.fround(0.9), stop: ['END'] }, 'Be brief.'),
  origins: { temperature: 'engine', top_k: 'model', top_p: 'settings', stop: 'preset', system_prompt: 'settings' },
  reasoning: { on_off: true, effort: true },
};

describe('values of a chat', () => {
  it('a change replaces what it names and leaves the rest', () => {
    const kept = withChanges(NO_SETTINGS, { preset_id: 'p', system_prompt: 'Hi' });
    expect(kept).toEqual({ preset_id: 'p', values: values({}, 'Hi') });
    expect(withChanges(kept, {})).toEqual(kept);
    expect(withChanges(kept, { system_prompt: null, preset_id: null })).toEqual(NO_SETTINGS);
  });

  it('differ only where they are set to something else', () => {
    expect(differences(NO_VALUES, inherited)).toEqual([]);
    const own = values({ temperature: 0.7, top_k: 41, stop: ['END'], seed: 1 }, '');
    expect(differences(own, inherited)).toEqual(['system_prompt', 'top_k', 'seed']);
  });

  it('become a preset with all that a person set, and nothing else', () => {
    expect(presentValues(values({ seed: 0 }), inherited)).toEqual(values({ seed: 0, top_p: Math.fround(0.9), stop: ['END'] }, 'Be brief.'));
  });

  it('lie over those below', () => {
    expect(over(values({ top_k: 0 }), inherited.values)).toEqual(values({ ...inherited.values.parameters, top_k: 0 }, 'Be brief.'));
    expect(over(values({ stop: [] }, ''), inherited.values)).toMatchObject({ system_prompt: '', parameters: { stop: [] } });
  });

  it('are the same in single precision, and whole numbers exactly', () => {
    expect(same(0.7, Math.fround(0.7))).toBe(true);
    expect(same(2 ** 30, 2 ** 30 + 1)).toBe(false);
    expect(same(['a'], ['a'])).toBe(true);
    expect(same(['a'], ['b'])).toBe(false);
    expect(same(null, 0)).toBe(false);
  });
});
