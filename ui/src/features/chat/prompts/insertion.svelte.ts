/** Putting a prompt into the message being written: by `/`, from the library, or from the builder. */
import { tick } from 'svelte';
import type { LibraryPrompt } from '$/gen/protocol';
import type { Draft } from '../state/draft.svelte';
import type { PromptLibrary } from './library.svelte';
import { begins, matching, replaced, slashAt, type Slash } from './slash';
import { fill, variables } from './variables';

export class PromptInsertion {
  /** The `/` being typed. */
  slash = $state.raw<Slash | null>(null);
  /** A prompt whose variables are being asked for. */
  filling = $state.raw<LibraryPrompt | null>(null);
  dialog = $state<'library' | 'builder' | null>(null);
  field: HTMLTextAreaElement | null = null;

  readonly found: LibraryPrompt[] = $derived.by(() => (this.slash ? matching(this.#library.items, this.slash.query) : []));

  /**
   * Which of `found` Enter takes: the one the arrows went to, or the first if its name begins with what was typed.
   * None otherwise, −1: the message that begins with a `/` of its own is sent.
   */
  readonly active: number = $derived.by(() => {
    const [first] = this.found;
    if (this.#moved !== null) return Math.min(this.#moved, this.found.length - 1);
    return first && this.slash?.query && begins(first, this.slash.query) ? 0 : -1;
  });

  /** Where the arrows went in the list; null while it was not entered. */
  #moved = $state<number | null>(null);
  readonly #library: PromptLibrary;
  readonly #draft: Draft;
  /** The place of a `/` that Escape was pressed at: it opens nothing any more. */
  #dismissed: number | null = null;
  /** What the prompt takes the place of. */
  #range = { start: 0, end: 0 };

  constructor(library: PromptLibrary, draft: Draft) {
    this.#library = library;
    this.#draft = draft;
  }

  /** Looks whether the caret stands behind a `/`; after every change of text or caret. */
  look(): void {
    const { field } = this;
    const slash = field && field.selectionStart === field.selectionEnd ? slashAt(field.value, field.selectionStart) : null;
    if (!slash) this.#dismissed = null;
    const shown = slash?.start === this.#dismissed ? null : slash;
    if (shown?.query !== this.slash?.query || shown?.start !== this.slash?.start) this.#moved = null;
    this.slash = shown;
  }

  close(): void {
    this.slash = null;
  }

  /** Writes the `/` that opens the list, where the caret is; on a line of its own, or it would open nothing. */
  begin(): void {
    const { field } = this;
    if (!field) return;
    const { selectionStart: start, selectionEnd: end, value } = field;
    const line = start === 0 || value.charAt(start - 1) === '\n' ? '' : '\n';
    this.#range = { start, end };
    void this.#insert(`${line}/`);
  }

  /** Takes the keys of the open list; answers whether this was one. */
  key(event: KeyboardEvent): boolean {
    const { slash, found, active } = this;
    if (!slash || event.altKey || event.ctrlKey || event.metaKey) return false;
    if (event.key === 'Escape') {
      this.#dismissed = slash.start;
      this.close();
    } else if (found.length === 0 || event.shiftKey) {
      return false;
    } else if (event.key === 'ArrowDown') {
      this.#moved = (active + 1) % found.length;
    } else if (event.key === 'ArrowUp') {
      this.#moved = active <= 0 ? found.length - 1 : active - 1;
    } else if (event.key === 'Enter' || event.key === 'Tab') {
      const prompt = found[active];
      if (!prompt) return false;
      this.choose(prompt);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  /** Inserts a prompt where the `/` or the selection is, after asking for its variables. */
  choose(prompt: LibraryPrompt): void {
    const { field, slash } = this;
    const end = this.#draft.text.length;
    this.#range = slash ?? { start: field?.selectionStart ?? end, end: field?.selectionEnd ?? end };
    this.slash = null;
    this.dialog = null;
    if (variables(prompt.text).length > 0) this.filling = prompt;
    else void this.#insert(prompt.text);
  }

  /** Inserts the prompt that was asked for with these values. */
  fillIn(values: Record<string, string>): void {
    const prompt = this.filling;
    this.filling = null;
    if (prompt) void this.#insert(fill(prompt.text, values));
  }

  async #insert(by: string): Promise<void> {
    const { text, caret } = replaced(this.#draft.text, this.#range.start, this.#range.end, by);
    this.#draft.change(text);
    await tick();
    // A dialog gives the focus back to what opened it as it goes; the composer takes it after that.
    setTimeout(() => {
      this.field?.focus();
      this.field?.setSelectionRange(caret, caret);
      this.look();
    }, 60);
  }
}
