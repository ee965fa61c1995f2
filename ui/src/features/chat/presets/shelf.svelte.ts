/** All presets, by name. */
import type { Event, ImportedPreset, LayerValues, PathHandle, Preset, PresetId } from '$/gen/protocol';
import type { Backend } from '$/lib/backend';

export class PresetShelf {
  items = $state.raw<Preset[]>([]);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Asks for all of them; throws nothing. */
  async load(): Promise<void> {
    try {
      this.items = sorted(await this.#backend.call('preset_list', {}));
    } catch {
      // Those shown stay; a choice that fails says why.
    }
  }

  async create(name: string, values: LayerValues): Promise<Preset> {
    return this.#put(await this.#backend.call('preset_create', { name, values }));
  }

  async update(id: PresetId, changes: { name?: string; values?: LayerValues }): Promise<Preset> {
    return this.#put(await this.#backend.call('preset_update', { id, ...changes }));
  }

  async remove(id: PresetId): Promise<void> {
    await this.#backend.call('preset_delete', { id });
    this.#drop(id);
  }

  async restore(id: PresetId): Promise<void> {
    this.#put(await this.#backend.call('preset_restore', { id }));
  }

  async importFile(handle: PathHandle): Promise<ImportedPreset> {
    const imported = await this.#backend.call('preset_import', { handle });
    this.#put(imported.preset);
    return imported;
  }

  /** Writes a preset into a folder; answers the path of the file. */
  async exportTo(id: PresetId, handle: PathHandle): Promise<string> {
    return this.#backend.call('preset_export', { id, handle });
  }

  handle(event: Event): void {
    if (event.type === 'preset_changed') this.#put(event.preset);
    if (event.type === 'preset_removed') this.#drop(event.preset_id);
    if (event.type === 'lagged') void this.load();
  }

  #put(preset: Preset): Preset {
    this.items = sorted([...this.items.filter((one) => one.id !== preset.id), preset]);
    return preset;
  }

  #drop(id: PresetId): void {
    this.items = this.items.filter((one) => one.id !== id);
  }
}

function sorted(presets: Preset[]): Preset[] {
  return presets.sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
}
