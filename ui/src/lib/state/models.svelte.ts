/** The library: models and what is loaded. Fed by events; every change comes back as one. */
import type {
  Adapter,
  CacheType,
  DraftModel,
  DiskUse,
  DuplicateGroup,
  Event,
  HeaderReport,
  ImportMode,
  ImportOutcome,
  LoadOptions,
  LoadedModel,
  MeasureStep,
  Measured,
  MemoryFit,
  Model,
  ModelDefaults,
  ModelId,
  ModelRoot,
  ModelSpeed,
  PathHandle,
  RootId,
  RootSuggestion,
  RuntimeName,
  StarterModel,
  TrashedModel,
  Verification,
} from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';

export type LibraryLoad = { type: 'loading' } | { type: 'ready' } | { type: 'failed'; error: BackendError };

function byId<T>(items: T[], id: (item: T) => string): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [id(item), item]));
}

function withEntry<T>(map: ReadonlyMap<string, T>, key: string, value: T | null): ReadonlyMap<string, T> {
  const next = new Map(map);
  if (value === null) next.delete(key);
  else next.set(key, value);
  return next;
}

// Made once: `localeCompare` costs ten times as much, and 10,000 names are compared 130,000 times.
const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** By name as people read it: `Model 2` before `Model 10`. */
export function byName(a: { name: string }, b: { name: string }): number {
  return COLLATOR.compare(a.name, b.name);
}

/** Used most recently first, then by name. */
function byUse(a: Model, b: Model): number {
  return (b.used_at_ms ?? 0) - (a.used_at_ms ?? 0) || byName(a, b);
}

/** What the speed of models is measured with: a prompt of some length, and an answer that takes a few seconds. */
const MEASURED_WITH = { prompt_tokens: [512], generate_tokens: 128 };

/** A measurement that was asked for here; `null` until the backend has begun. */
export interface Measuring {
  now: { runtime: RuntimeName; step: MeasureStep } | null;
}

export class ModelLibrary {
  state = $state.raw<LibraryLoad>({ type: 'loading' });
  #models = $state.raw<ReadonlyMap<string, Model>>(new Map());
  #loaded = $state.raw<ReadonlyMap<string, LoadedModel>>(new Map());
  #verifications = $state.raw<ReadonlyMap<string, Verification>>(new Map());
  #measuring = $state.raw<ReadonlyMap<string, Measuring>>(new Map());
  roots = $state.raw<ModelRoot[]>([]);

  /** All models, most recently used first. */
  readonly models: Model[] = $derived([...this.#models.values()].sort(byUse));
  /** Those that are files on this machine: what the library is about. */
  readonly local: Model[] = $derived(this.models.filter((model) => !model.remote));
  /** What has a worker, loading ones included. */
  readonly loaded: LoadedModel[] = $derived([...this.#loaded.values()]);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Asks for everything anew. */
  async load(): Promise<void> {
    try {
      const [models, loaded, roots] = await Promise.all([
        this.#backend.call('model_list', {}),
        this.#backend.call('model_loaded', {}),
        this.#backend.call('root_list', {}),
      ]);
      this.#models = byId(models, (model) => model.id);
      this.#loaded = byId(loaded, (one) => one.model_id);
      this.roots = roots;
      this.state = { type: 'ready' };
    } catch (thrown) {
      if (this.state.type !== 'ready') this.state = { type: 'failed', error: BackendError.from(thrown) };
    }
  }

  model(id: ModelId | null | undefined): Model | null {
    return id ? (this.#models.get(id) ?? null) : null;
  }

  /** How a model stands in memory; `null` when it is not there. */
  loadedState(id: ModelId | null | undefined): LoadedModel | null {
    return id ? (this.#loaded.get(id) ?? null) : null;
  }

  /** The check of a model's bytes that was asked for in this session, if any. */
  verification(id: ModelId): Verification | null {
    return this.#verifications.get(id) ?? null;
  }

  /** The measurement of a model's speed that was asked for here, if it goes on. */
  measuring(id: ModelId): Measuring | null {
    return this.#measuring.get(id) ?? null;
  }

  root(id: RootId | null): ModelRoot | null {
    return this.roots.find((root) => root.id === id) ?? null;
  }

  fit(
    id: ModelId,
    context_length: number | null,
    runtime: RuntimeName | null = null,
    cache_type: CacheType | null = null,
    draft: string | null = null,
  ): Promise<MemoryFit> {
    return this.#backend.call('model_fit', { id, context_length, runtime, cache_type, draft });
  }

  /** Models that can guess what this one will write. */
  drafts(id: ModelId): Promise<DraftModel[]> {
    return this.#backend.call('draft_list', { id });
  }

  /** LoRA adapters that a model can be loaded with. */
  adapters(id: ModelId): Promise<Adapter[]> {
    return this.#backend.call('adapter_list', { id });
  }

  async loadModel(id: ModelId, options: Partial<LoadOptions> = {}): Promise<void> {
    const loaded = await this.#backend.call('model_load', { id, options: { load_anyway: false, ...options } });
    // The answer may arrive after later events; then what the events said is newer.
    if (!this.#loaded.has(id)) this.#loaded = withEntry(this.#loaded, id, loaded);
  }

  async eject(id: ModelId): Promise<void> {
    await this.#backend.call('model_eject', { id });
    this.#loaded = withEntry(this.#loaded, id, null);
  }

  async forget(id: ModelId): Promise<void> {
    await this.#backend.call('model_forget', { id });
    this.#models = withEntry(this.#models, id, null);
  }

  /** Changes what is given, leaves the rest. */
  async update(id: ModelId, changes: { name?: string; favourite?: boolean; notes?: string }): Promise<void> {
    const model = await this.#backend.call('model_update', { id, ...changes });
    this.#models = withEntry(this.#models, id, model);
  }

  /** Moves a model of the app's own folder to the trash. */
  async delete(id: ModelId): Promise<TrashedModel> {
    const trashed = await this.#backend.call('model_delete', { id });
    this.#models = withEntry(this.#models, id, null);
    return trashed;
  }

  async restore(id: ModelId): Promise<Model> {
    const model = await this.#backend.call('model_restore', { id });
    this.#models = withEntry(this.#models, id, model);
    return model;
  }

  trash(): Promise<TrashedModel[]> {
    return this.#backend.call('trash_list', {});
  }

  async emptyTrash(): Promise<void> {
    await this.#backend.call('trash_empty', {});
  }

  header(id: ModelId): Promise<HeaderReport> {
    return this.#backend.call('model_header', { id });
  }

  /** Shows its file in the file manager. */
  async reveal(id: ModelId): Promise<void> {
    await this.#backend.call('model_reveal', { id });
  }

  /** Checks the bytes of a model, or (`null`) of all; how it goes comes as events. */
  async verify(id: ModelId | null): Promise<void> {
    await this.#backend.call('model_verify', { id });
  }

  /** How fast a model was with each runtime when that was last measured. */
  speeds(id: ModelId): Promise<ModelSpeed[]> {
    return this.#backend.call('model_speeds', { id });
  }

  /** Measures how fast a model is, with each runtime that can load it. */
  async measure(id: ModelId): Promise<Measured> {
    this.#measuring = withEntry(this.#measuring, id, { now: null });
    try {
      return await this.#backend.call('model_measure', { id, runtimes: [], ...MEASURED_WITH });
    } finally {
      this.#measuring = withEntry(this.#measuring, id, null);
    }
  }

  async stopMeasuring(id: ModelId): Promise<void> {
    await this.#backend.call('model_measure_stop', { id });
  }

  duplicates(): Promise<DuplicateGroup[]> {
    return this.#backend.call('model_duplicates', {});
  }

  /** Answers the bytes freed. */
  linkDuplicates(sha256: string): Promise<number> {
    return this.#backend.call('model_link_duplicates', { sha256 });
  }

  defaults(id: ModelId): Promise<ModelDefaults> {
    return this.#backend.call('model_defaults_get', { id });
  }

  setDefaults(id: ModelId, defaults: ModelDefaults): Promise<ModelDefaults> {
    return this.#backend.call('model_defaults_set', { id, defaults });
  }

  diskUse(): Promise<DiskUse> {
    return this.#backend.call('disk_use', {});
  }

  suggestions(): Promise<RootSuggestion[]> {
    return this.#backend.call('root_suggest', {});
  }

  async import(handle: PathHandle, mode: ImportMode = 'in_place'): Promise<ImportOutcome> {
    return this.#taken(await this.#backend.call('model_import', { handle, mode }));
  }

  async scan(): Promise<ImportOutcome> {
    const outcome = this.#taken(await this.#backend.call('model_scan', {}));
    await this.refreshRoots();
    return outcome;
  }

  async addRoot(handle: PathHandle): Promise<ImportOutcome> {
    const outcome = this.#taken(await this.#backend.call('root_add', { handle }));
    await this.refreshRoots();
    return outcome;
  }

  async removeRoot(id: RootId): Promise<void> {
    await this.#backend.call('root_remove', { id });
    await this.load();
  }

  starter(): Promise<StarterModel> {
    return this.#backend.call('starter_get', {});
  }

  handle(event: Event): void {
    switch (event.type) {
      case 'model_changed':
        this.#models = withEntry(this.#models, event.model.id, event.model);
        break;
      case 'model_removed':
        this.#models = withEntry(this.#models, event.model_id, null);
        break;
      case 'loaded_changed':
        this.#loaded = withEntry(this.#loaded, event.loaded.model_id, event.loaded);
        break;
      case 'ejected':
        this.#loaded = withEntry(this.#loaded, event.model_id, null);
        break;
      case 'verification_changed':
        this.#verifications = withEntry(this.#verifications, event.model_id, event.verification);
        break;
      case 'measuring_moved': {
        const { model_id, runtime, step } = event;
        // Of one that was asked for elsewhere, the end would not be known.
        if (this.#measuring.has(model_id)) this.#measuring = withEntry(this.#measuring, model_id, { now: { runtime, step } });
        break;
      }
      case 'lagged':
        void this.load();
        break;
    }
  }

  #taken(outcome: ImportOutcome): ImportOutcome {
    const next = new Map(this.#models);
    for (const model of outcome.models) next.set(model.id, model);
    this.#models = next;
    return outcome;
  }

  /** Asks for the folders again: how much is in them changes without an event. */
  async refreshRoots(): Promise<void> {
    this.roots = await this.#backend.call('root_list', {});
  }
}
