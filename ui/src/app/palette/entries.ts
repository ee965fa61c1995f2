/** What the palette finds: actions, models, conversations and settings, each with what choosing it does. */
import type { ConversationSummary, ModelId } from '$/gen/protocol';
import { refusalOf } from '$/lib/importing';
import type { Sirocco } from '$/lib/state';
import { actionStrings as s } from '$/lib/strings.en';

export type EntryKind = keyof typeof s.kinds;

export interface Entry {
  id: string;
  kind: EntryKind;
  label: string;
  /** Found under these words too. */
  words: string;
  keys?: string | undefined;
  run: () => void;
}

export interface EntrySources {
  state: Sirocco;
  /** Names of settings, and the words they are found under. */
  settings: readonly { name: string; label: string; words: string }[];
  /** Chooses a model for the chat and loads it. */
  onLoad: (id: ModelId) => void;
}

export function actionEntries({ actions }: Sirocco): Entry[] {
  return actions.all
    .filter((action) => action.id !== 'palette' && (action.available?.() ?? true))
    .map(({ id, label, words = '', fixed, run }) => ({ id, kind: 'action', label, words, keys: actions.keyOf(id) ?? fixed, run }));
}

export function modelEntries({ state, onLoad }: EntrySources): Entry[] {
  const { models, toasts } = state;
  // What can be ejected is what is loaded.
  if (state.hidesModels) return [];
  return models.models
    .filter((model) => !refusalOf(model))
    .map((model): Entry => {
      const loaded = models.loadedState(model.id)?.state.type;
      const words = `${model.key} ${model.architecture} ${model.quantization}`;
      return loaded === 'ready' || loaded === 'loading'
        ? { id: `eject ${model.id}`, kind: 'model', label: s.eject(model.name), words, run: () => void models.eject(model.id).catch((thrown) => toasts.error(thrown)) }
        : { id: `load ${model.id}`, kind: 'model', label: s.load(model.name), words, run: () => onLoad(model.id) };
    });
}

export function conversationEntries({ navigation }: Sirocco, rows: readonly ConversationSummary[]): Entry[] {
  return rows.map((row) => ({
    id: `conversation ${row.id}`,
    kind: 'conversation',
    label: row.title,
    words: '',
    run: () => navigation.openConversation(row.id),
  }));
}

export function settingEntries({ state, settings }: EntrySources): Entry[] {
  return settings.map(({ name, label, words }) => ({
    id: `setting ${name}`,
    kind: 'setting',
    label,
    words,
    run: () => state.navigation.openSettings('settings', name),
  }));
}
