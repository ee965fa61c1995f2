/** What can be done with presets from the open chat, each with its notice. */
import type { LayerValues, Model, ModelDefaults, PathHandle, Preset } from '$/gen/protocol';
import { NO_PARAMETERS, over } from '$/lib/layers';
import type { Sirocco } from '$/lib/state';
import type { ChatSession } from '../state/session.svelte';
import { presetStrings as strings } from './strings.en';
import { presentValues } from './values';

export class PresetActions {
  /** Of the model of the chat; null until they are known. */
  defaults = $state.raw<ModelDefaults | null>(null);
  /** What the last import could not take over. */
  leftOut = $state.raw<{ name: string; lines: string[] } | null>(null);

  /** The model that `defaults` are of. */
  #learnedOf: string | null = null;
  readonly #sirocco: Sirocco;
  readonly #chat: ChatSession;

  constructor(sirocco: Sirocco, chat: ChatSession) {
    this.#sirocco = sirocco;
    this.#chat = chat;
  }

  /** That of the chat, as the shelf has it; one that was deleted is on no shelf and still holds. */
  get preset(): Preset | null {
    const preset = this.#chat.inherited.value?.preset ?? null;
    return this.#chat.presets.items.find((one) => one.id === preset?.id) ?? preset;
  }

  get model(): Model | null {
    return this.#chat.model;
  }

  get hasModelDefaults(): boolean {
    return this.defaults?.values != null;
  }

  get isStandard(): boolean {
    return this.preset !== null && this.#sirocco.app.settings?.default_preset_id === this.preset.id;
  }

  get isStandardOfModel(): boolean {
    return this.preset !== null && this.defaults?.preset_id === this.preset.id;
  }

  /** Learns the defaults of the model, for what the menu offers. */
  async learn(): Promise<void> {
    const { model } = this;
    if (model?.id !== this.#learnedOf) this.defaults = null;
    this.#learnedOf = model?.id ?? null;
    if (!model) return;
    try {
      const defaults = await this.#sirocco.models.defaults(model.id);
      if (this.model?.id === model.id) this.defaults = defaults;
    } catch {
      // The menu offers less then.
    }
  }

  choose(id: string | null): void {
    this.#chat.changeSettings({ preset_id: id });
  }

  /** Back to what the preset says. */
  revert(): void {
    this.#chat.changeSettings({ system_prompt: null, parameters: NO_PARAMETERS });
  }

  /** Takes what this chat changed into the preset. */
  save(): Promise<void> {
    return this.#attempt(async () => {
      const { preset } = this;
      if (!preset) return;
      const own = this.#chat.settings.values;
      await this.#chat.presets.update(preset.id, { values: over(own, preset.values) });
      this.revert();
      this.#sirocco.toasts.show(strings.saved(preset.name), { tone: 'success' });
    });
  }

  /** Keeps what holds now as a new preset, and bases this chat on it. Rejects if it is refused. */
  async saveAs(name: string): Promise<void> {
    const inherited = this.#chat.inherited.value;
    if (!inherited) return;
    const preset = await this.#chat.presets.create(name, presentValues(this.#chat.settings.values, inherited));
    this.choose(preset.id);
    this.revert();
    this.#sirocco.toasts.show(strings.created(preset.name), { tone: 'success' });
  }

  /** Rejects if it is refused. */
  async rename(name: string): Promise<void> {
    if (this.preset) await this.#chat.presets.update(this.preset.id, { name });
  }

  duplicate(): Promise<void> {
    return this.#attempt(async () => {
      const { preset } = this;
      if (!preset) return;
      const copy = await this.#chat.presets.create(strings.copyOf(preset.name), preset.values);
      this.choose(copy.id);
    });
  }

  remove(): Promise<void> {
    return this.#attempt(async () => {
      const { preset } = this;
      if (!preset) return;
      const { presets } = this.#chat;
      await presets.remove(preset.id);
      this.#sirocco.toasts.show(strings.deleted(preset.name), {
        detail: strings.deletedDetail,
        action: { label: strings.undo, run: () => void this.#attempt(() => presets.restore(preset.id)) },
      });
    });
  }

  /** New chats begin with this preset, or with none any more. */
  toggleStandard(): Promise<void> {
    return this.#attempt(() => this.#sirocco.app.updateSettings({ default_preset_id: this.isStandard ? null : (this.preset?.id ?? null) }));
  }

  /** New chats with this model do. */
  toggleStandardOfModel(): Promise<void> {
    return this.#attempt(() => this.#setDefaults({ preset_id: this.isStandardOfModel ? null : (this.preset?.id ?? null) }));
  }

  /** What this chat and its preset set becomes the default of the model, or the model loses its own. */
  toggleModelDefaults(): Promise<void> {
    return this.#attempt(async () => {
      const { model } = this;
      const inherited = this.#chat.inherited.value;
      if (!model || !inherited) return;
      const had = this.hasModelDefaults;
      const values: LayerValues | null = had ? null : presentValues(this.#chat.settings.values, inherited);
      await this.#setDefaults({ values });
      this.#sirocco.toasts.show(had ? strings.forgotForModel(model.name) : strings.keptForModel(model.name), { tone: 'success' });
    });
  }

  /** Opens the native dialog. */
  pickImport(): Promise<void> {
    return this.#attempt(async () => {
      for (const picked of await this.#sirocco.backend.call('path_pick', { kind: 'presets' })) await this.#import(picked.handle);
    });
  }

  /** Rejects with what is wrong about the path or the file. */
  async importTyped(path: string): Promise<void> {
    await this.#import((await this.#sirocco.backend.call('path_type', { path })).handle);
  }

  /** Opens the native dialog. */
  pickExport(): Promise<void> {
    return this.#attempt(async () => {
      const [folder] = await this.#sirocco.backend.call('path_pick', { kind: 'folder' });
      if (folder) await this.#export(folder.handle);
    });
  }

  /** Rejects with what is wrong about the folder. */
  async exportTyped(path: string): Promise<void> {
    await this.#export((await this.#sirocco.backend.call('path_type', { path })).handle);
  }

  async #import(handle: PathHandle): Promise<void> {
    const { preset, left_out } = await this.#chat.presets.importFile(handle);
    if (left_out.length > 0) this.leftOut = { name: preset.name, lines: left_out };
    this.#sirocco.toasts.show(strings.imported(preset.name), {
      tone: 'success',
      action: { label: strings.useHere, run: () => this.choose(preset.id) },
    });
  }

  async #export(handle: PathHandle): Promise<void> {
    if (!this.preset) return;
    this.#sirocco.toasts.show(strings.exported(await this.#chat.presets.exportTo(this.preset.id, handle)), { tone: 'success' });
  }

  async #setDefaults(changes: Partial<ModelDefaults>): Promise<void> {
    const { model } = this;
    if (!model || !this.defaults) return;
    this.defaults = await this.#sirocco.models.setDefaults(model.id, { ...this.defaults, ...changes });
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#sirocco.toasts.error(thrown);
    }
  }
}
