/** One file of a repository, on its way from the Hub to a chat: what its one button does now. */
import type { Download, ErrorReport, LoadedModel, Model, ModelId, QueueReason } from '$/gen/protocol';
import { BackendError } from '$/lib/backend';
import type { Sirocco } from '$/lib/state';
import { discoverStrings as s } from '$/lib/strings.en';

export type Step =
  | { type: 'absent' }
  | { type: 'waiting'; reason: QueueReason; share: number }
  | { type: 'resolving' }
  | { type: 'arriving'; share: number; seconds_left: number | null }
  | { type: 'checking' }
  | { type: 'paused'; share: number; error: ErrorReport | null }
  | { type: 'failed'; share: number; error: ErrorReport }
  | { type: 'refused'; model: Model }
  | { type: 'here'; model: Model }
  | { type: 'loading'; model: Model; progress: number }
  | { type: 'ready'; model: Model };

/** Where a file stands: what is in the library counts before what is being downloaded. */
export function stepOf(model: Model | null, loaded: LoadedModel | null, download: Download | null): Step {
  if (model) {
    if (model.verdict.type !== 'runs') return { type: 'refused', model };
    if (loaded?.state.type === 'loading') return { type: 'loading', model, progress: loaded.state.progress };
    return { type: loaded?.state.type === 'ready' ? 'ready' : 'here', model };
  }
  if (!download) return { type: 'absent' };
  const share = download.total_bytes > 0 ? download.done_bytes / download.total_bytes : 0;
  const { state } = download;
  switch (state.type) {
    case 'queued':
      return { type: 'waiting', reason: state.reason, share };
    case 'resolving':
      return { type: 'resolving' };
    case 'downloading':
      return { type: 'arriving', share, seconds_left: download.seconds_left };
    case 'verifying':
      return { type: 'checking' };
    case 'paused':
      return { type: 'paused', share, error: state.error };
    case 'failed':
      return { type: 'failed', share, error: state.error };
    case 'finished':
      // Its model is not in the library any more.
      return { type: 'absent' };
  }
}

/** Which file. */
export interface OfferedFile {
  repository: string;
  /** `null`: the newest. */
  commit: string | null;
  path: string;
  /** For labels, such as `Qwen3-8B Q4_K_M`. */
  name: string;
  /** Its model in the library when the Hub was asked. */
  modelId: ModelId | null;
  /** Path of the file by which it sees images, to come with it. */
  readonly projector?: string | undefined;
}

export class FileOffer {
  readonly file: OfferedFile;
  /** Why the last press of the button did nothing. */
  problem = $state.raw<BackendError | null>(null);
  busy = $state(false);
  readonly #all: Sirocco;

  readonly download: Download | null = $derived.by(() => this.#all.downloads.of(this.file.repository, this.file.path));
  readonly model: Model | null = $derived.by(() => {
    const { models } = this.#all;
    const { repository, path, modelId } = this.file;
    const arrived = this.download?.state.type === 'finished' ? this.download.state.model_id : null;
    return (
      models.model(modelId) ??
      models.model(arrived) ??
      models.models.find(({ source }) => source?.repository === repository && source.path === path) ??
      null
    );
  });
  readonly step: Step = $derived.by(() => stepOf(this.model, this.#all.models.loadedState(this.model?.id), this.download));

  /** What a person must put right: the last press, or what stopped the download. */
  readonly trouble: BackendError | null = $derived.by(() => {
    if (this.problem) return this.problem;
    const { step } = this;
    if (step.type !== 'failed' && step.type !== 'paused') return null;
    return step.error ? new BackendError(step.error) : null;
  });

  constructor(all: Sirocco, file: OfferedFile) {
    this.#all = all;
    this.file = file;
  }

  /** Starts the download, or takes it up where it stopped. */
  async start(): Promise<void> {
    const { repository, commit, path, projector } = this.file;
    const { download } = this;
    const { downloads } = this.#all;
    await this.#attempt(async () => {
      if (download && this.step.type !== 'absent') await downloads.resume(download.id);
      else await downloads.start({ repository, commit, path, ...(projector && { projector }) });
    });
  }

  async pause(): Promise<void> {
    const { download } = this;
    if (download) await this.#attempt(() => this.#all.downloads.pause(download.id));
  }

  /** Loads it with the context chosen; what does not fit is offered to be loaded anyway. */
  async load(context_length: number | null, load_anyway = false): Promise<void> {
    const { model } = this;
    const { models, toasts } = this.#all;
    if (!model) return;
    this.busy = true;
    try {
      await models.loadModel(model.id, { context_length, load_anyway });
    } catch (thrown) {
      const error = BackendError.from(thrown);
      const anyway = { label: s.loadAnyway, run: () => void this.load(context_length, true) };
      toasts.error(error, error.code === 'does_not_fit' ? anyway : null);
    } finally {
      this.busy = false;
    }
  }

  /** A new conversation with it. */
  async chat(): Promise<void> {
    const { model } = this;
    const { conversations, navigation, toasts } = this.#all;
    if (!model) return;
    try {
      navigation.openConversation((await conversations.create(model.id)).summary.id);
    } catch (thrown) {
      toasts.error(thrown);
    }
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    this.busy = true;
    this.problem = null;
    try {
      await work();
    } catch (thrown) {
      this.problem = BackendError.from(thrown);
    } finally {
      this.busy = false;
    }
  }
}
