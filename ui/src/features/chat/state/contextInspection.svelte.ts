/** The prompt taken apart, asked for a moment after the last change while somebody looks. */

import type { AttachmentId, ContextReport, ConversationId, ErrorReport, MessageId } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';

export interface InspectionQuestion {
  conversation_id: ConversationId;
  draft: string;
  attachments: AttachmentId[];
  answer: MessageId | null;
}

export class ContextInspection {
  report = $state.raw<ContextReport | null>(null);
  /** Why there is no report. */
  problem = $state.raw<ErrorReport | null>(null);
  readonly #backend: Backend;
  readonly #delay_ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  #of: ConversationId | null = null;

  constructor(backend: Backend, delay_ms = 300) {
    this.#backend = backend;
    this.#delay_ms = delay_ms;
  }

  /** Asks soon; a later question replaces an earlier one. What is shown of another chat goes at once. */
  ask(question: InspectionQuestion): void {
    if (question.conversation_id !== this.#of) this.clear();
    this.#of = question.conversation_id;
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    this.#timer = setTimeout(() => void this.#ask(question, asked), this.#delay_ms);
  }

  async #ask(question: InspectionQuestion, asked: number): Promise<void> {
    try {
      const report = await this.#backend.call('context_inspect', question);
      if (asked !== this.#asked) return;
      this.report = report;
      this.problem = null;
    } catch (thrown) {
      if (asked !== this.#asked) return;
      this.report = null;
      this.problem = BackendError.from(thrown);
    }
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#asked++;
    this.report = null;
    this.problem = null;
  }
}
