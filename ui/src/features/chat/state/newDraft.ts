import { rememberedText, rememberText } from '$/lib/remember';

/**
 * What is written in the new chat, which no conversation keeps yet: while another is open, and until the app is started
 * again. Only the main window writes for later; a temporary chat is a conversation, and keeps its own.
 */
export class NewDraft {
  text: string;
  readonly #lasting: boolean;

  constructor(lasting: boolean) {
    this.#lasting = lasting;
    this.text = lasting ? rememberedText('newDraft') : '';
  }

  keep(text: string): void {
    this.text = text;
    if (this.#lasting) rememberText('newDraft', text);
  }
}
