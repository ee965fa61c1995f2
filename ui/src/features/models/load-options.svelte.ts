/** How one model is to be loaded, with what that takes, asked for anew at every change. */
import type { LoadOptions, MemoryFit, Model } from '$/gen/protocol';
import { BackendError } from '$/lib/backend';
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

export class LoadChoice {
  readonly model: Model;
  contextLength = $state(SHORTEST_CONTEXT);
  threads = $state(1);
  fit = $state.raw<MemoryFit | null>(null);
  problem = $state.raw<BackendError | null>(null);
  readonly cores: number;
  readonly maxContext: number;
  readonly tone: FitTone | null = $derived(this.fit ? fitTone(this.fit) : null);

  readonly #models: ModelLibrary;
  readonly #standard: { contextLength: number; threads: number };
  #wanted: number | null = null;
  #asking = false;

  constructor(model: Model, app: AppState, models: ModelLibrary) {
    this.model = model;
    this.#models = models;
    this.cores = Math.max(1, app.status?.machine.physical_cores ?? 1);
    this.maxContext = Math.max(SHORTEST_CONTEXT, model.context_length);
    const loaded = models.loadedState(model.id);
    this.#standard = {
      contextLength: Math.min(this.maxContext, app.settings?.default_context_length ?? 4096),
      threads: Math.min(this.cores, app.settings?.threads ?? this.cores),
    };
    this.contextLength = loaded?.context_length || this.#standard.contextLength;
    this.threads = Math.min(this.cores, loaded?.threads || this.#standard.threads);
  }

  /** Differs from how the model is in memory now. */
  readonly differs: boolean = $derived.by(() => {
    const loaded = this.#models.loadedState(this.model.id);
    return loaded !== null && (loaded.context_length !== this.contextLength || loaded.threads !== this.threads);
  });

  setContext(tokens: number): void {
    this.contextLength = tokens;
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
      load_anyway,
    };
  }

  async #run(): Promise<void> {
    this.#asking = true;
    while (this.#wanted !== null) {
      const context_length = this.#wanted;
      this.#wanted = null;
      try {
        this.fit = await this.#models.fit(this.model.id, context_length);
        this.problem = null;
      } catch (thrown) {
        this.problem = BackendError.from(thrown);
      }
    }
    this.#asking = false;
  }
}
