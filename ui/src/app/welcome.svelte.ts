/** Whether the first start page stands in place of the chat. */
import type { Sirocco } from '$/lib/state';

/**
 * Decided once, when the library and the conversations are known: empty means a first start. After
 * that the page stays until its work is done; a model that appears does not pull it away. Who finds a
 * model elsewhere, or opens a conversation, needs it no more.
 */
export class Welcome {
  decided = $state(false);
  shown = $state(false);

  /** Run in an effect. */
  consider({ models, conversations, navigation }: Sirocco): void {
    const hasModel = models.models.some((model) => model.verdict.type === 'runs');
    if (navigation.conversationId !== null || (navigation.view !== 'chat' && hasModel)) this.shown = false;
    if (this.decided || models.state.type === 'loading' || conversations.state.type === 'loading') return;
    this.decided = true;
    this.shown =
      models.state.type === 'ready' &&
      conversations.state.type === 'ready' &&
      models.models.length === 0 &&
      conversations.items.length === 0;
  }

  leave(): void {
    this.shown = false;
  }
}
