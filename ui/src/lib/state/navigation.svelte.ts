/** Where the reader is: the view, and what is open in it. */
import type { ConversationId, ModelId } from '$/gen/protocol';

export type View = 'chat' | 'library' | 'settings';

export class Navigation {
  view = $state<View>('chat');
  /** The conversation shown; `null` is a new one that is not created yet. */
  conversationId = $state<ConversationId | null>(null);
  /** The model whose page is shown in the library; `null` shows folders and import. */
  modelId = $state<ModelId | null>(null);
  /** Goes up by one when the composer is to take the focus. */
  composerFocus = $state(0);

  openConversation(id: ConversationId): void {
    this.view = 'chat';
    this.conversationId = id;
  }

  /** An empty chat; the conversation is created with its first message. */
  newChat(): void {
    this.view = 'chat';
    this.conversationId = null;
    this.composerFocus += 1;
  }

  openLibrary(modelId: ModelId | null = this.modelId): void {
    this.view = 'library';
    this.modelId = modelId;
  }

  openSettings(): void {
    this.view = 'settings';
  }
}
