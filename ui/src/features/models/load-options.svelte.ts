/** How one model is to be loaded, with what that takes, asked for anew at every change. */
import type { Adapter, DraftModel, LlamaCppOptions, LoadOptions, MemoryFit, Model, ModelDefaults, RuntimeName } from '$/gen/protocol';
import { BackendError } from '$/lib/backend';
import { ableRuntimes } from '$/lib/runtimes';
import type { AppState, ModelLibrary } from '$/lib/state';

export const SHORTEST_CONTEXT = 512;
export const CONTEXT_STEP = 256;
/** Above this share of the free memory a fit is called tight: other programs want some too. */
const TIGHT = 0.9;

export type FitTone = 'success' | 'warning' | 'danger';

export function fitTone(fit: MemoryFit): FitTone {
  if (!fit.fits) return 'danger';
  return fit.total_bytes > fit.available_bytes * TIGHT ? 'warning' : 'success';
}

/** What llama.cpp does if it is told nothing. */
export const PLAIN: LlamaCppOptions = {
  cache_type: 'f16',
  flash_attention: 'auto',
  memory_map: true,
  keep_in_memory: false,
  context_shift: false,
  adapter: null,
  draft: null,
};

/** Tokens that a draft model guesses at once, if nobody says how many. */
export const DRAFT_TOKENS = 8;

function same(a: LlamaCppOptions, b: LlamaCppOptions): boolean {
  return (
    a.cache_type === b.cache_type &&
    a.flash_attention === b.flash_attention &&
    a.memory_map === b.memory_map &&
    a.keep_in_memory === b.keep_in_memory &&
    a.context_shift === b.context_shift &&
    a.adapter?.key === b.adapter?.key &&
    a.adapter?.scale === b.adapter?.scale &&
    a.draft?.key === b.draft?.key &&
    a.draft?.tokens === b.draft?.tokens
  );
}

export class LoadChoice {
  readonly model: Model;
  contextLength = $state(SHORTEST_CONTEXT);
  threads = $state(1);
  /** `null`: the first that can. */
  runtime = $state<RuntimeName | null>(null);
  /** Counts where llama.cpp serves the model. */
  llamacpp = $state.raw<LlamaCppOptions>(PLAIN);
  /** Those that the model can be loaded with. */
  adapters = $state.raw<Adapter[]>([]);
  /** Those that can guess for it. */
  drafts = $state.raw<DraftModel[]>([]);
  fit = $state.raw<MemoryFit | null>(null);
  problem = $state.raw<BackendError | null>(null);
  readonly cores: number;
  readonly maxContext: number;
  /** Runtimes to choose from. */
  readonly runtimes: RuntimeName[];
  readonly tone: FitTone | null = $derived(this.fit ? fitTone(this.fit) : null);

  /** What was kept for this model; `null` until it is known. */
  defaults = $state.raw<ModelDefaults | null>(null);

  readonly #models: ModelLibrary;
  /** What the settings say, for models without defaults of their own. */
  readonly #general: { contextLength: number; threads: number };
  #touched = false;
  #wanted: number | null = null;
  #asking = false;

  constructor(model: Model, app: AppState, models: ModelLibrary) {
    this.model = model;
    this.#models = models;
    this.cores = Math.max(1, app.status?.machine.physical_cores ?? 1);
    this.maxContext = Math.max(SHORTEST_CONTEXT, model.context_length);
    const loaded = models.loadedState(model.id);
    this.#general = {
      contextLength: Math.min(this.maxContext, app.settings?.default_context_length ?? 4096),
      threads: Math.min(this.cores, app.settings?.threads ?? this.cores),
    };
    this.contextLength = loaded?.context_length || this.#general.contextLength;
    this.threads = Math.min(this.cores, loaded?.threads || this.#general.threads);
    this.runtimes = ableRuntimes(model, app.status?.installed ?? []);
    if (loaded && loaded.served_by !== this.runtimes[0]) this.runtime = loaded.served_by;
    this.llamacpp = loaded?.llamacpp ?? PLAIN;
  }

  /** The runtime that would serve the model with this choice. */
  readonly serving: RuntimeName | null = $derived.by(() => this.runtime ?? this.runtimes[0] ?? null);

  /** Differs from how the model is in memory now. */
  readonly differs: boolean = $derived.by(() => {
    const loaded = this.#models.loadedState(this.model.id);
    if (loaded === null) return false;
    const isOther = this.serving !== null && loaded.served_by !== this.serving;
    const isTold = this.serving === 'llamacpp' && !same(this.llamacpp, loaded.llamacpp ?? PLAIN);
    return isOther || isTold || loaded.context_length !== this.contextLength || loaded.threads !== this.threads;
  });

  readonly #standard = $derived.by(() => ({
    contextLength: Math.min(this.maxContext, this.defaults?.context_length ?? this.#general.contextLength),
    threads: Math.min(this.cores, this.defaults?.threads ?? this.#general.threads),
    runtime: this.defaults?.runtime ?? null,
    llamacpp: this.defaults?.llamacpp ?? PLAIN,
  }));
  /** llama.cpp is told what it would be told anyway, or does not serve the model. */
  readonly #toldAsKept: boolean = $derived(this.serving !== 'llamacpp' || same(this.llamacpp, this.#standard.llamacpp));
  /** The model has defaults of its own. */
  readonly hasDefaults: boolean = $derived(
    this.defaults?.context_length != null || this.defaults?.threads != null || this.defaults?.runtime != null || this.defaults?.llamacpp != null,
  );
  /** The choice is what the model would be loaded with anyway. */
  readonly isStandard: boolean = $derived(
    this.contextLength === this.#standard.contextLength &&
      this.threads === this.#standard.threads &&
      this.runtime === this.#standard.runtime &&
      this.#toldAsKept,
  );

  setContext(tokens: number): void {
    this.#touched = true;
    this.contextLength = tokens;
    this.ask();
  }

  setThreads(threads: number): void {
    this.#touched = true;
    this.threads = threads;
  }

  setRuntime(runtime: RuntimeName | null): void {
    this.#touched = true;
    this.runtime = runtime;
    this.ask();
  }

  /** Tells llama.cpp something else. */
  tell(changes: Partial<LlamaCppOptions>): void {
    this.#touched = true;
    this.llamacpp = { ...this.llamacpp, ...changes };
    // A quantized cache is computed with by flash attention only.
    if (this.llamacpp.cache_type !== 'f16' && this.llamacpp.flash_attention === 'off') {
      this.llamacpp = { ...this.llamacpp, flash_attention: 'auto' };
    }
    // Nor can it be moved.
    if (this.llamacpp.cache_type !== 'f16' && this.llamacpp.context_shift) {
      this.llamacpp = { ...this.llamacpp, context_shift: false };
    }
    if (changes.cache_type || changes.draft !== undefined) this.ask();
  }

  /** Asks which adapters and draft models there are for this model. */
  async findHelpers(): Promise<void> {
    const { id } = this.model;
    // Without an answer there are none to choose from.
    [this.adapters, this.drafts] = await Promise.all([
      this.#models.adapters(id).catch(() => []),
      this.#models.drafts(id).catch(() => []),
    ]);
  }

  /** Learns the model's own defaults; a choice that nobody made yet follows them. */
  async learn(): Promise<void> {
    try {
      this.defaults = await this.#models.defaults(this.model.id);
    } catch {
      // Then the general ones are offered; loading tells what is wrong.
      return;
    }
    if (!this.#touched && !this.#models.loadedState(this.model.id)) this.#takeStandard();
  }

  /** Keeps the choice for this model. */
  async keep(): Promise<void> {
    const threads = this.threads === this.#general.threads ? null : this.threads;
    const llamacpp = same(this.llamacpp, PLAIN) ? null : this.llamacpp;
    const kept = { context_length: this.contextLength, threads, runtime: this.runtime, llamacpp };
    this.defaults = await this.#models.setDefaults(this.model.id, { ...this.defaults, ...kept });
  }

  /** Goes back to the general defaults. */
  async drop(): Promise<void> {
    const nothing = { context_length: null, threads: null, runtime: null, llamacpp: null };
    this.defaults = await this.#models.setDefaults(this.model.id, { ...this.defaults, ...nothing });
    this.#takeStandard();
  }

  #takeStandard(): void {
    this.threads = this.#standard.threads;
    this.contextLength = this.#standard.contextLength;
    this.runtime = this.#standard.runtime;
    this.llamacpp = this.#standard.llamacpp;
    this.ask();
  }

  /** Asks what the present choice takes. One question at a time; while dragging only the last counts. */
  ask(): void {
    this.#wanted = this.contextLength;
    if (!this.#asking) void this.#run();
  }

  options(load_anyway: boolean): LoadOptions {
    return {
      context_length: this.contextLength,
      threads: this.threads === this.#standard.threads ? null : this.threads,
      runtime: this.runtime === this.#standard.runtime ? null : this.serving,
      llamacpp: this.#toldAsKept ? null : this.llamacpp,
      load_anyway,
    };
  }

  async #run(): Promise<void> {
    this.#asking = true;
    while (this.#wanted !== null) {
      const context_length = this.#wanted;
      this.#wanted = null;
      try {
        const told = this.serving === 'llamacpp' ? this.llamacpp : null;
        // An empty key is none, whatever is kept.
        const draft = told && (told.draft?.key ?? '');
        this.fit = await this.#models.fit(this.model.id, context_length, this.serving, told?.cache_type ?? null, draft);
        this.problem = null;
      } catch (thrown) {
        this.problem = BackendError.from(thrown);
      }
    }
    this.#asking = false;
  }
}
