/** One repository: what it has, what its card and a header say, and what fits at the chosen context. */
import type { HeaderReport, HubCard, HubModel, HubRuns, HubVariant, MemoryFit } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';
import { LOADING, loaded, type Loadable } from './loadable';

export const SHORTEST_CONTEXT = 512;
export const CONTEXT_STEP = 256;
/** How long the slider rests before the fits are asked for. */
export const FIT_DEBOUNCE_MS = 150;
/** The slider's end where nobody says what the model was trained for. */
const USUAL_MAXIMUM = 131_072;

export class RepositoryPage {
  readonly repository: string;
  model = $state.raw<Loadable<HubModel>>(LOADING);
  card = $state.raw<Loadable<HubCard>>(LOADING);
  /** Of `headerPath`. */
  header = $state.raw<Loadable<HeaderReport> | null>(null);
  headerPath = $state<string | null>(null);
  contextLength = $state(SHORTEST_CONTEXT);
  /** By path; missing while not known yet, `null` where it cannot be. */
  fits = $state.raw<ReadonlyMap<string, MemoryFit | null> | null>(null);
  fitsProblem = $state.raw<BackendError | null>(null);
  /** The files by which models see images come along. */
  withReaders = $state(true);

  readonly value: HubModel | null = $derived(this.model.type === 'ready' ? this.model.value : null);
  readonly #header: HeaderReport | null = $derived(this.header?.type === 'ready' ? this.header.value : null);
  readonly maxContext: number = $derived(
    Math.max(SHORTEST_CONTEXT, this.value?.summary.context_length || this.#header?.context_length || USUAL_MAXIMUM),
  );
  /** What a person takes: models that run, or may. */
  readonly usable: HubVariant[] = $derived(this.#variants((one) => !one.is_projector && this.runsOf(one).type !== 'no'));
  readonly refused: HubVariant[] = $derived(this.#variants((one) => !one.is_projector && this.runsOf(one).type === 'no'));
  readonly projectors: HubVariant[] = $derived(this.#variants((one) => one.is_projector));

  readonly hasReaders: boolean = $derived(this.usable.some((one) => one.projector));

  readonly #backend: Backend;
  readonly #wantedContext: number;
  #fitQuestion = 0;
  #fitTimer: ReturnType<typeof setTimeout> | undefined;

  /** `wantedContext`: what models are loaded with unless something else is asked for. */
  constructor(backend: Backend, repository: string, wantedContext: number) {
    this.#backend = backend;
    this.repository = repository;
    this.#wantedContext = wantedContext;
  }

  /** Asks for everything (again); the rest follows once the files are known. */
  async open(): Promise<void> {
    this.model = LOADING;
    this.model = await loaded(this.#backend.call('hub_model', { repository: this.repository }));
    if (!this.value) return;
    this.contextLength = Math.min(this.maxContext, this.#wantedContext);
    await Promise.all([this.openCard(), this.openHeader(), this.askFits()]);
  }

  /** Nothing more is asked for. */
  close(): void {
    clearTimeout(this.#fitTimer);
  }

  async openCard(): Promise<void> {
    if (!this.value) return;
    this.card = LOADING;
    this.card = await loaded(this.#backend.call('hub_card', { repository: this.repository, commit: this.value.commit }));
  }

  /** Reads the header of the file one would take. */
  async openHeader(): Promise<void> {
    const { value } = this;
    const variants = value?.variants.filter((one) => !one.is_projector) ?? [];
    const chosen = variants.find((one) => one.recommended) ?? variants.find((one) => one.runs.type === 'yes') ?? variants[0];
    if (!value || !chosen) return;
    this.headerPath = chosen.path;
    this.header = LOADING;
    this.header = await loaded(
      this.#backend.call('hub_header', { repository: this.repository, commit: value.commit, path: chosen.path }),
    );
  }

  /** The slider moved: the fits are asked for once it rests. */
  setContext(tokens: number): void {
    this.contextLength = tokens;
    clearTimeout(this.#fitTimer);
    this.#fitTimer = setTimeout(() => void this.askFits(), FIT_DEBOUNCE_MS);
  }

  /** What every file takes at the present context; the figures shown stay until the new ones are there. */
  async askFits(): Promise<void> {
    clearTimeout(this.#fitTimer);
    if (!this.value || this.value.variants.length === 0) return;
    const question = ++this.#fitQuestion;
    const answer = await loaded(
      this.#backend.call('hub_fit', {
        repository: this.repository,
        commit: this.value.commit,
        context_length: this.contextLength,
      }),
    );
    if (question !== this.#fitQuestion) return;
    if (answer.type === 'failed') {
      this.fitsProblem = answer.error;
      return;
    }
    this.fitsProblem = null;
    this.fits = new Map(answer.value.map(({ path, fit }) => [path, fit]));
  }

  /** Whether a file runs: exactly where its header was read, else as the name says. */
  runsOf(variant: HubVariant): HubRuns {
    const verdict = variant.path === this.headerPath ? this.#header?.verdict : undefined;
    if (verdict?.type === 'runs' || verdict?.type === 'embeds') return { type: 'yes' };
    if (verdict?.type === 'refused') return { type: 'no', reason: verdict.reasons.join('; ') };
    return variant.runs;
  }

  #variants(chosen: (variant: HubVariant) => boolean): HubVariant[] {
    return this.value?.variants.filter(chosen) ?? [];
  }
}
