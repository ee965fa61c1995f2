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
import { sentence } from '$/lib/format';
import { pagePlace, type PagePlace } from '$/lib/pagePlace';
import { libraryStrings, modelStrings } from '$/lib/strings.en';
import { Actions } from './actions.svelte';
import { AppState } from './app.svelte';
import { ConversationList } from './conversations.svelte';
import { DownloadQueue } from './downloads.svelte';
import { ConversationExchange } from './exchange.svelte';
import { ImportQuestion } from './imports.svelte';
import { ModelLibrary } from './models.svelte';
import { Navigation } from './navigation.svelte';
import { Toasts } from './toasts.svelte';

export { Actions, AppState, ConversationExchange, ConversationList, DownloadQueue, ImportQuestion, ModelLibrary, Navigation, Toasts };

const KEY = Symbol('sirocco');

export class Sirocco {
  readonly backend: Backend;
  /** What this page is for. */
  readonly place: PagePlace;
  readonly app: AppState;
  readonly actions: Actions;
  readonly models: ModelLibrary;
  readonly conversations: ConversationList;
  readonly downloads: DownloadQueue;
  readonly exchange: ConversationExchange;
  readonly imports = new ImportQuestion();
  readonly navigation = new Navigation();
  readonly toasts = new Toasts();

  constructor(backend: Backend, place = pagePlace()) {
    this.backend = backend;
    this.place = place;
    if (place.type === 'conversation') this.navigation.conversationId = place.id;
    this.app = new AppState(backend);
    this.actions = new Actions(this.app);
    this.models = new ModelLibrary(backend);
    this.conversations = new ConversationList(backend);
    this.downloads = new DownloadQueue(backend);
    this.exchange = new ConversationExchange(backend);
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

  /** A blind comparison goes on or is looked at: what is loaded would tell who answers. */
  get hidesModels(): boolean {
    const { conversations, navigation } = this;
    return conversations.items.some((row) => row.blind && (row.running || row.id === navigation.conversationId));
  }

  handle(event: Event): void {
    this.#tell(event);
    this.app.handle(event);
    this.models.handle(event);
    this.conversations.handle(event);
    this.downloads.handle(event);
    this.imports.handle(event);
    this.exchange.handle(event);
  }

  /** Says what went wrong with nobody waiting for it; before the event is taken, so that it is said once. */
  #tell(event: Event): void {
    const { models, navigation, toasts } = this;
    if (event.type === 'loaded_changed') {
      const { model_id, state } = event.loaded;
      if (state.type === 'failed' && models.loadedState(model_id)?.state.type !== 'failed') toasts.error(state.error);
    }
    if (event.type === 'verification_changed' && event.verification?.type === 'damaged') {
      const id = event.model_id;
      if (models.verification(id)?.type === 'damaged') return;
      const open = navigation.view === 'library' && navigation.modelId === id;
      toasts.show(libraryStrings.damagedNamed(models.model(id)?.name ?? id), {
        tone: 'danger',
        detail: sentence(libraryStrings.damagedHint),
        action: open ? null : { label: modelStrings.openModel, run: () => navigation.openLibrary(id) },
      });
    }
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
