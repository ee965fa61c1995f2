/** The prompt library: the person's prompts by title, then those that come with the app. */
import type { Event, LibraryPrompt, PromptId } from '$/gen/protocol';
import type { Backend } from '$/lib/backend';
import { type Draft, EMPTY } from './builder';

export class PromptLibrary {
  items = $state.raw<LibraryPrompt[]>([]);
  /** What is being written in the prompt builder; it outlives its dialog. */
  building = $state.raw<Draft>(EMPTY);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Asks for all of them; throws nothing. */
  async load(): Promise<void> {
    try {
      this.items = await this.#backend.call('prompt_list', {});
    } catch {
      // Those shown stay.
    }
  }

  async create(title: string, text: string): Promise<LibraryPrompt> {
    return this.#put(await this.#backend.call('prompt_create', { title, text }));
  }

  async update(id: PromptId, title: string, text: string): Promise<LibraryPrompt> {
    return this.#put(await this.#backend.call('prompt_update', { id, title, text }));
  }

  async remove(id: PromptId): Promise<void> {
    await this.#backend.call('prompt_delete', { id });
    this.#drop(id);
  }

  async restore(id: PromptId): Promise<void> {
    this.#put(await this.#backend.call('prompt_restore', { id }));
  }

  handle(event: Event): void {
    if (event.type === 'prompt_changed') this.#put(event.prompt);
    if (event.type === 'prompt_removed') this.#drop(event.prompt_id);
    if (event.type === 'lagged') void this.load();
  }

  #put(prompt: LibraryPrompt): LibraryPrompt {
    const others = this.items.filter((one) => one.id !== prompt.id);
    const own = [...others.filter((one) => one.id !== null), prompt];
    own.sort((a, b) => a.title.localeCompare(b.title));
    this.items = [...own, ...others.filter((one) => one.id === null)];
    return prompt;
  }

  #drop(id: PromptId): void {
    this.items = this.items.filter((one) => one.id !== id);
  }
}
