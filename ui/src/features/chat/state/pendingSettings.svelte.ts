/** Changed settings of a conversation, kept a moment after the last change: a drag is one save. */

import { BackendError } from '$/lib/backend';
import type { ChatSettings } from '../presets/values';
import type { ConversationState } from './conversation.svelte';

export interface PendingSettingsOptions {
  /** A save by itself failed; what was changed still waits. */
  onError: (thrown: unknown) => void;
  delay_ms?: number;
}

export class PendingSettings {
  readonly #onError: (thrown: unknown) => void;
  readonly #delay_ms: number;
  #pending = $state.raw<{ of: ConversationState; changes: ChatSettings } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PendingSettingsOptions) {
    this.#onError = options.onError;
    this.#delay_ms = options.delay_ms ?? 400;
  }

  /** What of this conversation is not kept yet. */
  of(conversation: ConversationState): ChatSettings {
    return this.#pending?.of === conversation ? this.#pending.changes : {};
  }

  change(of: ConversationState, more: ChatSettings): void {
    if (this.#pending && this.#pending.of !== of) this.save();
    this.#pending = { of, changes: { ...this.of(of), ...more } };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), this.#delay_ms);
  }

  /** Keeps what waits, now. */
  save(): void {
    void this.flush().catch(this.#onError);
  }

  /** Lets go of what waits for a conversation. */
  drop(of: ConversationState): void {
    if (this.#pending?.of !== of) return;
    clearTimeout(this.#timer);
    this.#pending = null;
  }

  /** As `save`, but waits, and throws what the backend says. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    const sent = this.#pending;
    if (!sent) return;
    try {
      await sent.of.updateSettings(sent.changes);
      if (this.#pending === sent) this.#pending = null;
    } catch (thrown) {
      // A conversation that is gone takes no settings any more.
      if (BackendError.from(thrown).code === 'not_found' && this.#pending === sent) this.#pending = null;
      throw thrown;
    }
  }
}
