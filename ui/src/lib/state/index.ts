/**
 * The state shared by all features, made once and handed down by Svelte's context.
 *
 * ```ts
 * const { models, conversations, toasts } = sirocco();
 * ```
 */
import { getContext, setContext } from 'svelte';
import type { Event } from '$/gen/protocol';
import type { Backend } from '$/lib/backend';
import { AppState } from './app.svelte';
import { ConversationList } from './conversations.svelte';
import { DownloadQueue } from './downloads.svelte';
import { ImportQuestion } from './imports.svelte';
import { ModelLibrary } from './models.svelte';
import { Navigation } from './navigation.svelte';
import { Toasts } from './toasts.svelte';

export { AppState, ConversationList, DownloadQueue, ImportQuestion, ModelLibrary, Navigation, Toasts };

const KEY = Symbol('sirocco');

export class Sirocco {
  readonly backend: Backend;
  readonly app: AppState;
  readonly models: ModelLibrary;
  readonly conversations: ConversationList;
  readonly downloads: DownloadQueue;
  readonly imports = new ImportQuestion();
  readonly navigation = new Navigation();
  readonly toasts = new Toasts();

  constructor(backend: Backend) {
    this.backend = backend;
    this.app = new AppState(backend);
    this.models = new ModelLibrary(backend);
    this.conversations = new ConversationList(backend);
    this.downloads = new DownloadQueue(backend);
  }

  /** Listens to events, then loads everything. Answers the function that stops listening. */
  start(): () => void {
    const stops = [
      this.backend.events((event) => this.handle(event)),
      this.backend.connection((connected) => {
        this.app.connected = connected;
      }),
    ];
    void this.reload();
    return () => stops.forEach((stop) => stop());
  }

  /** Loads everything (again), as after a failed start. */
  async reload(): Promise<void> {
    await Promise.all([this.app.load(), this.models.load(), this.conversations.load(), this.downloads.load()]);
  }

  handle(event: Event): void {
    this.app.handle(event);
    this.models.handle(event);
    this.conversations.handle(event);
    this.downloads.handle(event);
    this.imports.handle(event);
  }
}

/** Makes the state available to all components below. */
export function provideSirocco(state: Sirocco): Sirocco {
  return setContext(KEY, state);
}

/** The state, in any component below the app. */
export function sirocco(): Sirocco {
  return getContext<Sirocco>(KEY);
}

/** For tests that render one component: `render(Component, { context: siroccoContext(state) })`. */
export function siroccoContext(state: Sirocco): Map<symbol, Sirocco> {
  return new Map([[KEY, state]]);
}
