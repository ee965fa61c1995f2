/** The message being written, kept in the conversation a moment after each change. */

export interface DraftOptions {
  save: (text: string) => Promise<void>;
  delay_ms?: number;
}

export class Draft {
  text = $state('');
  readonly #save: (text: string) => Promise<void>;
  readonly #delay_ms: number;
  #saved = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DraftOptions) {
    this.#save = options.save;
    this.#delay_ms = options.delay_ms ?? 600;
  }

  /** Takes the text that is kept already. */
  start(text: string): void {
    clearTimeout(this.#timer);
    this.text = text;
    this.#saved = text;
  }

  change(text: string): void {
    this.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), this.#delay_ms);
  }

  /** Keeps what is not kept yet, now. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    const { text } = this;
    if (text === this.#saved) return;
    const before = this.#saved;
    this.#saved = text;
    try {
      await this.#save(text);
    } catch {
      // The text is still in the composer; the next change tries again.
      this.#saved = before;
    }
  }
}
