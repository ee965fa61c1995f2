/** An answer of the backend that a page shows: on its way, here, or not to be had. */
import { BackendError } from '$/lib/backend';

export class Asked<Answer> {
  answer = $state.raw<Answer | null>(null);
  problem = $state.raw<BackendError | null>(null);
  readonly #question: () => Promise<Answer>;
  #asked = 0;

  constructor(question: () => Promise<Answer>) {
    this.#question = question;
  }

  /** Asks (again); what was answered before stays until then, and answers of older questions are dropped. */
  async ask(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const answer = await this.#question();
      if (asked !== this.#asked) return;
      this.answer = answer;
      this.problem = null;
    } catch (thrown) {
      if (asked === this.#asked) this.problem = BackendError.from(thrown);
    }
  }
}
