/** What the open chat has where it sets nothing itself; asked for again whenever that may have changed. */
import type { Event, Inherited, ModelId, PresetChoice } from '$/gen/protocol';
import type { Backend } from '$/lib/backend';
import type { ChatSession } from '../state/session.svelte';

export class InheritedSettings {
  /** The last answer; null until there is one. */
  value = $state.raw<Inherited | null>(null);
  /** Goes up by one when an event says that something below changed. */
  version = $state(0);

  readonly #backend: Backend;
  #asked = 0;
  #modelId: ModelId | null = null;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Asks; a later question makes the answer to an earlier one old. */
  async ask(model_id: ModelId | null, preset: PresetChoice): Promise<void> {
    const asked = ++this.#asked;
    this.#modelId = model_id;
    try {
      const answer = await this.#backend.call('settings_inherit', { model_id, preset });
      if (asked === this.#asked) this.value = answer;
    } catch {
      // What was shown stays; whoever acts on it gets the error.
    }
  }

  handle(event: Event): void {
    switch (event.type) {
      case 'model_changed':
        // A scan tells of every model.
        if (event.model.id === this.#modelId) this.version += 1;
        break;
      case 'settings_changed':
      case 'preset_changed':
      case 'preset_removed':
      case 'lagged':
        this.version += 1;
        break;
    }
  }
}

/** Asks as long as the component that calls this is shown, whenever another answer may come. */
export function followInherited(chat: () => ChatSession): void {
  // As text, so that it is asked for again only when it is another one.
  const choice = $derived(JSON.stringify(chat().presetChoice));
  const modelId = $derived(chat().model?.id ?? null);
  $effect(() => {
    void chat().inherited.version;
    void chat().inherited.ask(modelId, JSON.parse(choice) as PresetChoice);
  });
}
