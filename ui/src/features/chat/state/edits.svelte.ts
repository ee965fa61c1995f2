/** Messages being edited: what was typed outlives the page that shows it, for as long as the app runs. */

import type { ConversationId } from '$/gen/protocol';

export class Edits {
  /** By conversation, the message whose editor is open. */
  #open = $state.raw<ReadonlyMap<string, string>>(new Map());
  /** By message, what was typed and is not saved yet. Read when an editor opens, so no state. */
  readonly #texts = new Map<string, string>();
  /** The message whose editor was just asked for, and not merely shown again. */
  #asked: string | null = null;

  /** The message whose editor is open in a conversation. */
  open(conversation: ConversationId | null): string | null {
    return (conversation && this.#open.get(conversation)) ?? null;
  }

  /** Opens the editor of a message; what was typed into another one is kept. */
  begin(conversation: ConversationId, message: string): void {
    this.#asked = message;
    this.#open = new Map(this.#open).set(conversation, message);
  }

  /** What the editor of a message starts with; `content` is its text as saved. */
  start(message: string, content: string): string {
    return this.#texts.get(message) ?? content;
  }

  /** Answers once whether an editor was asked for: then it comes into view, otherwise the reader's place is kept. */
  arrives(message: string): boolean {
    const asked = this.#asked === message;
    if (asked) this.#asked = null;
    return asked;
  }

  change(message: string, text: string): void {
    this.#texts.set(message, text);
  }

  /** Closes the editor of a conversation and forgets what was typed into it. */
  end(conversation: ConversationId | null): void {
    const message = this.open(conversation);
    if (!conversation || !message) return;
    this.#texts.delete(message);
    const open = new Map(this.#open);
    open.delete(conversation);
    this.#open = open;
  }
}
