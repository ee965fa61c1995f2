/** How full the context is, asked for a moment after the last change. */

import type { AttachmentId, ContextUse, ConversationId, LayerValues, ModelId, PresetChoice } from '$/gen/protocol';
import type { Backend } from '$/lib/backend';

/** What a draft is counted with: a conversation, or what a new one would begin with. */
export type Counted = { conversation_id: ConversationId } | { model_id: ModelId; preset: PresetChoice; values: LayerValues };

export class ContextMeter {
  use = $state.raw<ContextUse | null>(null);
  readonly #backend: Backend;
  readonly #delay_ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(backend: Backend, delay_ms = 350) {
    this.#backend = backend;
    this.#delay_ms = delay_ms;
  }

  /** Counts soon; a later question replaces an earlier one. */
  ask(counted: Counted, draft: string, attachments: AttachmentId[] = []): void {
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    this.#timer = setTimeout(() => {
      this.#count(counted, draft, attachments).then(
        (use) => {
          if (asked === this.#asked) this.use = use;
        },
        () => {
          // The model was ejected meanwhile; no figure is better than an old one.
          if (asked === this.#asked) this.use = null;
        },
      );
    }, this.#delay_ms);
  }

  #count(counted: Counted, draft: string, attachments: AttachmentId[]): Promise<ContextUse> {
    if ('conversation_id' in counted) return this.#backend.call('context_count', { ...counted, draft, attachments });
    return this.#backend.call('context_count_new', { ...counted, draft, attachments });
  }

  /** No model, no figure. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#asked++;
    this.use = null;
  }
}
