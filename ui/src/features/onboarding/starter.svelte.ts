/** The way from nothing to a loaded model: download, check, load. */
import type { Download, StarterModel } from '$/gen/protocol';
import { BackendError } from '$/lib/backend';
import type { DownloadQueue, ModelLibrary } from '$/lib/state';

export type StarterStep =
  | { type: 'offered' }
  | { type: 'starting' }
  | { type: 'downloading'; download: Download }
  | { type: 'loading'; progress: number }
  | { type: 'failed'; error: BackendError }
  | { type: 'done'; modelId: string };

export class StarterPath {
  starter = $state.raw<StarterModel | null>(null);
  /** The suggestion itself could not be read. */
  problem = $state.raw<BackendError | null>(null);
  #error = $state.raw<BackendError | null>(null);
  #starting = $state(false);
  #downloadId = $state<string | null>(null);
  #modelId = $state<string | null>(null);
  readonly #models: ModelLibrary;
  readonly #downloads: DownloadQueue;

  /** Follows the download also when it was started before this page was opened. */
  readonly download: Download | null = $derived.by(() => {
    const started = this.#downloads.download(this.#downloadId);
    return started ?? (this.starter ? this.#downloads.of(this.starter.repository, this.starter.file) : null);
  });

  readonly step: StarterStep = $derived.by(() => {
    if (this.#error) return { type: 'failed', error: this.#error };
    if (this.#modelId) {
      const state = this.#models.loadedState(this.#modelId)?.state;
      if (state?.type === 'ready') return { type: 'done', modelId: this.#modelId };
      if (state?.type === 'failed') return { type: 'failed', error: new BackendError(state.error) };
      return { type: 'loading', progress: state?.type === 'loading' ? state.progress : 0 };
    }
    if (this.download) return { type: 'downloading', download: this.download };
    return this.#starting ? { type: 'starting' } : { type: 'offered' };
  });

  constructor(models: ModelLibrary, downloads: DownloadQueue) {
    this.#models = models;
    this.#downloads = downloads;
  }

  async ask(): Promise<void> {
    try {
      this.problem = null;
      this.starter = await this.#models.starter();
    } catch (thrown) {
      this.problem = BackendError.from(thrown);
    }
  }

  /** Starts the download, or takes up again where it failed. */
  async begin(): Promise<void> {
    this.#error = null;
    if (this.#modelId) {
      await this.load(this.#modelId);
      return;
    }
    this.#starting = true;
    try {
      this.#downloadId = (await this.#downloads.startStarter()).id;
    } catch (thrown) {
      this.#error = BackendError.from(thrown);
    } finally {
      this.#starting = false;
    }
  }

  async pause(): Promise<void> {
    if (this.download) await this.#attempt(this.#downloads.pause(this.download.id));
  }

  async resume(): Promise<void> {
    if (this.download) await this.#attempt(this.#downloads.resume(this.download.id));
  }

  /** Loads a model that has arrived; the step says how it goes. */
  async load(modelId: string): Promise<void> {
    this.#modelId = modelId;
    this.#error = null;
    await this.#attempt(this.#models.loadModel(modelId));
  }

  async #attempt(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      this.#error = BackendError.from(thrown);
    }
  }
}
