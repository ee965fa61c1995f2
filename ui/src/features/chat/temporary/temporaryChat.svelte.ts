/** Temporary chats: how one begins, and what becomes of it when the reader goes on to another conversation. */

import type { ConversationId } from '$/gen/protocol';
import { rememberedHere, rememberHere } from '$/lib/remember';
import type { Sirocco } from '$/lib/state';
import type { ChatSession } from '../state/session.svelte';

/** Where a page that is loaded again finds the id of the chat it left; no word of it is kept there. */
const OPEN = 'temporary';

export class TemporaryChat {
  /** Where the reader is going, while they are asked what becomes of the chat they leave. */
  leaving = $state.raw<(() => void) | null>(null);
  readonly #sirocco: Sirocco;
  readonly #chat: ChatSession;
  /** It goes, and nobody is asked about it any more. */
  #discarded: ConversationId | null = null;

  constructor(sirocco: Sirocco, chat: ChatSession) {
    this.#sirocco = sirocco;
    this.#chat = chat;
  }

  /** The open chat is a temporary one. */
  get shown(): boolean {
    return this.#chat.current.conversation?.summary.temporary ?? false;
  }

  /** Watches over the ways out. Answers the function that ends it. */
  start(): () => void {
    const { navigation } = this.#sirocco;
    const left = rememberedHere(OPEN);
    if (left) void this.#delete(left);
    navigation.guard = (go) => this.#mayLeave(go);
    return () => (navigation.guard = null);
  }

  /** Opens a new one. */
  begin(): void {
    const { navigation, toasts } = this.#sirocco;
    if (this.shown && this.#isEmpty) navigation.openChat();
    else navigation.leave(() => void this.#begin().catch((thrown: unknown) => toasts.error(thrown)));
  }

  async #begin(): Promise<void> {
    const { backend, navigation } = this.#sirocco;
    const made = await backend.call('temporary_create', { model_id: this.#chat.model?.id ?? null });
    rememberHere(OPEN, made.summary.id);
    navigation.openConversation(made.summary.id);
    navigation.composerFocus += 1;
  }

  /** Makes the open one a conversation like any other. */
  async keep(): Promise<void> {
    const { current, draft, notes } = this.#chat;
    await Promise.all([draft.flush(), notes.flush()]);
    await current.keep();
    rememberHere(OPEN, null);
  }

  /** The reader stays. */
  stay(): void {
    this.leaving = null;
  }

  /** Goes where the reader wanted to, with the chat kept. */
  async keepAndLeave(): Promise<void> {
    const go = this.leaving;
    this.leaving = null;
    await this.keep();
    go?.();
  }

  /** Goes there, and the chat is gone. */
  async discardAndLeave(): Promise<void> {
    const go = this.leaving;
    this.leaving = null;
    const { id } = this.#chat.current;
    if (id) await this.#discard(id);
    go?.();
  }

  get #isEmpty(): boolean {
    const { current, draft, notes, attachments } = this.#chat;
    return current.turns.length === 0 && draft.text.trim() === '' && notes.text.trim() === '' && attachments.isEmpty;
  }

  #mayLeave(go: () => void): boolean {
    const { id } = this.#chat.current;
    if (!id || !this.shown || id === this.#discarded) return true;
    if (this.#isEmpty) {
      void this.#discard(id);
      return true;
    }
    this.leaving = go;
    return false;
  }

  async #discard(id: ConversationId): Promise<void> {
    this.#discarded = id;
    this.#chat.forget();
    await this.#delete(id);
  }

  async #delete(id: ConversationId): Promise<void> {
    rememberHere(OPEN, null);
    // It may have gone with the app.
    await this.#sirocco.backend.call('conversation_delete', { id }).catch(() => undefined);
  }
}
