/** Presets, prompts and what a conversation inherits in the scripted backend. */
import type { Inherited, Layer, LayerValues, LibraryPrompt, Preset } from '$/gen/protocol';
import { NO_PARAMETERS, NO_VALUES, over } from '$/lib/layers';
import { entry, missing, type Handlers, type ScriptedHost } from './host';
import { NOW } from './models';

type PresetCommand =
  | 'settings_inherit'
  | 'preset_list'
  | 'preset_create'
  | 'preset_update'
  | 'preset_delete'
  | 'preset_restore'
  | 'preset_import'
  | 'preset_export'
  | 'prompt_list'
  | 'prompt_create'
  | 'prompt_update'
  | 'prompt_delete'
  | 'prompt_restore';

const ENGINE: LayerValues = {
  system_prompt: '',
  parameters: {
    temperature: 0.7,
    top_k: 40,
    top_p: 0.95,
    min_p: 0.05,
    typical_p: 1,
    xtc_probability: 0,
    xtc_threshold: 0.1,
    dry_multiplier: 0,
    dry_base: 1.75,
    dry_allowed_length: 2,
    repeat_penalty: 1,
    repeat_last_n: 64,
    presence_penalty: 0,
    frequency_penalty: 0,
    seed: null,
    max_tokens: null,
    stop: [],
    context_overflow: 'stop',
    reasoning: 'template',
    structured_output: '',
  },
};

const PRESETS: Preset[] = [
  {
    id: 'p-code',
    name: 'Careful code',
    values: { system_prompt: 'You are an experienced engineer.', parameters: { ...NO_PARAMETERS, temperature: 0.2, top_k: 20 } },
    created_at_ms: NOW,
    updated_at_ms: NOW,
  },
  {
    id: 'p-story',
    name: 'Stories',
    values: { system_prompt: null, parameters: { ...NO_PARAMETERS, temperature: 1.1 } },
    created_at_ms: NOW,
    updated_at_ms: NOW,
  },
];

const PROMPTS: LibraryPrompt[] = [
  { id: 'pr-mine', title: 'Weekly report', text: 'Write the report of week {{week}}.' },
  { id: null, title: 'Step by step', text: 'Solve the task below step by step.\n\n{{task}}' },
  { id: null, title: 'Summarise', text: 'Summarise the text for {{reader}}.\n\n{{text}}' },
  { id: null, title: 'Tell a joke', text: 'Tell a joke about the wind.' },
];

export function presetHandlers(host: ScriptedHost): Pick<Handlers, PresetCommand> {
  const presets = new Map(PRESETS.map((one) => [one.id, structuredClone(one)]));
  const prompts = new Map(PROMPTS.map((one) => [one.id ?? one.title, { ...one }]));
  const deletedPresets = new Set<string>();
  const deletedPrompts = new Map<string, LibraryPrompt>();

  const listed = (id: string | null | undefined) => (id && presets.has(id) && !deletedPresets.has(id) ? id : null);
  const keepPreset = (preset: Preset): Preset => {
    presets.set(preset.id, preset);
    host.emit({ type: 'preset_changed', preset });
    return preset;
  };
  const keepPrompt = (prompt: LibraryPrompt): LibraryPrompt => {
    prompts.set(prompt.id ?? prompt.title, prompt);
    host.emit({ type: 'prompt_changed', prompt });
    return prompt;
  };
  const created = (name: string, values: LayerValues): Preset =>
    keepPreset({ id: host.id('p'), name: name.trim(), values, created_at_ms: NOW, updated_at_ms: NOW });

  return {
    settings_inherit: ({ model_id, preset: choice }) => {
      const defaults = host.modelDefaults.get(model_id ?? '') ?? {};
      const { settings } = host;
      const id =
        choice.type === 'preset' ? choice.id : choice.type === 'standard' ? (listed(defaults.preset_id) ?? listed(settings.default_preset_id)) : null;
      const preset = id === null ? null : entry(presets, id, 'preset');
      const layers: [Layer, LayerValues][] = [
        ['engine', ENGINE],
        ['model', defaults.values ?? NO_VALUES],
        ['settings', { system_prompt: settings.default_system_prompt || null, parameters: settings.default_parameters }],
        ['preset', preset?.values ?? NO_VALUES],
      ];
      const reasoning = { on_off: model_id !== 'm-coder', effort: false };
      const inherited: Inherited = { preset, values: NO_VALUES, origins: {}, reasoning };
      for (const [layer, values] of layers) {
        inherited.values = over(values, inherited.values);
        const fields = { ...values.parameters, system_prompt: values.system_prompt };
        for (const [key, value] of Object.entries(fields)) if (value !== null) inherited.origins[key] = layer;
      }
      return inherited;
    },

    preset_list: () => [...presets.values()].filter((one) => !deletedPresets.has(one.id)),
    preset_create: ({ name, values }) => created(name, values),
    preset_update: ({ id, name, values }) => {
      const old = entry(presets, id, 'preset');
      return keepPreset({ ...old, name: name ?? old.name, values: values ?? old.values });
    },
    preset_delete: ({ id }) => {
      if (!listed(id)) throw missing('preset');
      deletedPresets.add(id);
      host.emit({ type: 'preset_removed', preset_id: id });
      return {};
    },
    preset_restore: ({ id }) => {
      deletedPresets.delete(id);
      return keepPreset(entry(presets, id, 'preset'));
    },
    preset_import: () => ({
      preset: created('Imported', { system_prompt: 'Be brief.', parameters: NO_PARAMETERS }),
      left_out: ['llm.prediction.llama.cpuThreads: it has no place here'],
    }),
    preset_export: ({ id, handle }) => `${handle}/${entry(presets, id, 'preset').name}.preset.json`,

    prompt_list: () => [...prompts.values()],
    prompt_create: ({ title, text }) => keepPrompt({ id: host.id('pr'), title: title.trim(), text }),
    prompt_update: ({ id, title, text }) => keepPrompt({ ...entry(prompts, id, 'prompt'), title, text }),
    prompt_delete: ({ id }) => {
      deletedPrompts.set(id, entry(prompts, id, 'prompt'));
      prompts.delete(id);
      host.emit({ type: 'prompt_removed', prompt_id: id });
      return {};
    },
    prompt_restore: ({ id }) => keepPrompt(entry(deletedPrompts, id, 'prompt')),
  };
}
