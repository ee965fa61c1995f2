/**
 * Finding a text in the open conversation: the messages that have it, and the one being looked at.
 *
 * The backend looks through the whole branch, so messages that are not loaded are found too.
 */

import type { MessageId } from '$/gen/protocol';
import type { Backend } from '$/lib/backend';
import type { ConversationState } from './conversation.svelte';
import { DEBOUNCE_MS } from './search.svelte';

export class FindInConversation {
  open = $state(false);
  text = $state('');
  /** Oldest first. */
  found = $state.raw<MessageId[]>([]);
  /** Which of them is looked at. */
  at = $state(0);
  /** `found` is for the words as they are. */
  answered = $state(false);
  /** Goes up by one when the field is to take the focus. */
  focus = $state(0);

  readonly #backend: Backend;
  readonly #conversation: () => ConversationState;
  #question = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(backend: Backend, conversation: () => ConversationState) {
    this.#backend = backend;
    this.#conversation = conversation;
  }

  start(): void {
    this.open = true;
    this.focus += 1;
  }

  close(): void {
    this.open = false;
    this.#forget();
    this.text = '';
  }

  /** The words changed: asked once typing rests. `onError` is told what went wrong then. */
  type(text: string, onError: (thrown: unknown) => void): void {
    this.text = text;
    this.#forget();
    if (text.trim() !== '') this.#timer = setTimeout(() => void this.ask().catch(onError), DEBOUNCE_MS);
  }

  /** Asks now, and shows the newest message that has the words: reading begins at the end. */
  async ask(): Promise<void> {
    clearTimeout(this.#timer);
    const question = ++this.#question;
    const conversation = this.#conversation();
    if (!conversation.id || this.text.trim() === '') return;
    const found = await this.#backend.call('message_find', { conversation_id: conversation.id, query: this.text });
    if (question !== this.#question) return;
    this.found = found;
    this.answered = true;
    await this.#show(found.length - 1);
  }

  /** The next message that has the words, or the one before; behind the last comes the first. */
  async move(by: 1 | -1): Promise<void> {
    if (!this.answered) await this.ask();
    else await this.#show((this.at + by + this.found.length) % this.found.length);
  }

  async #show(at: number): Promise<void> {
    const id = this.found[at];
    if (id === undefined) return;
    this.at = at;
    await this.#conversation().reveal(id);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#question += 1;
    this.found = [];
    this.at = 0;
    this.answered = false;
  }
}
