/** Where the reader is: the view, and what is open in it. */
import { untrack } from 'svelte';
import type { ConversationId, MessageId, ModelId } from '$/gen/protocol';

export type View = 'chat' | 'discover' | 'library' | 'developer' | 'settings';
/** What the library shows besides the page of one model. */
export type LibraryPlace = 'folders' | 'duplicates' | 'disk' | 'trash';
/** What the chat shows instead of a conversation: its answers side by side, or what the votes on them come to. */
export type ComparePlace = 'columns' | 'ratings';
export type SettingsPlace = 'settings' | 'connections' | 'crashes' | 'shortcuts';

export class Navigation {
  view = $state<View>('chat');
  /** The conversation shown; `null` is a new one that is not created yet. */
  conversationId = $state<ConversationId | null>(null);
  /** The comparisons are shown in place of the conversation. */
  comparing = $state<ComparePlace | null>(null);
  /** A message of it that is to be scrolled to once it shows; taken by the chat's page. */
  message = $state.raw<{ id: MessageId } | null>(null);
  /** The repository whose page is shown in Discover; `null` shows what there is to find. */
  repository = $state<string | null>(null);
  /** The model whose page is shown in the library; `null` shows `libraryPlace`. */
  modelId = $state<ModelId | null>(null);
  libraryPlace = $state<LibraryPlace>('folders');
  settingsPlace = $state<SettingsPlace>('settings');
  /** A setting, or a crash report, that is to be scrolled to and focused once its page shows; taken by that page. */
  settingsRow = $state<string | null>(null);
  /** Goes up by one when the composer is to take the focus. */
  composerFocus = $state(0);
  /** Goes up by one when the inspector is to be shown beside the chat. */
  inspectorAsked = $state(0);
  /** Goes up by one with every choice of what to show, also of what is shown already. */
  moves = $state(0);

  /**
   * Asked before another conversation takes the place of the one shown, and answers whether it may now. If not, it has
   * `go` run once it may.
   */
  guard: ((go: () => void) => boolean) | null = null;

  /** Does what shows another conversation, once that may be. */
  leave(go: () => void): void {
    if (this.guard?.(go) !== false) go();
  }

  /** Shows a conversation at its end, or at a message. */
  openConversation(id: ConversationId, message: MessageId | null = null): void {
    if (this.#stays(id, () => this.openConversation(id, message))) return;
    this.#move();
    this.view = 'chat';
    this.comparing = null;
    this.conversationId = id;
    this.message = message === null ? null : { id: message };
  }

  /** An empty chat; the conversation is created with its first message. */
  newChat(): void {
    if (this.#stays(null, () => this.newChat())) return;
    this.#move();
    this.view = 'chat';
    this.comparing = null;
    this.conversationId = null;
    this.composerFocus += 1;
  }

  /** Shows the inspector beside what the chat shows. */
  openInspector(): void {
    this.inspectorAsked += 1;
  }

  /** Answers side by side in a conversation, in a new one (`null`), or what the votes come to. */
  openComparison(place: ComparePlace = 'columns', id: ConversationId | null = this.conversationId): void {
    if (this.#stays(id, () => this.openComparison(place, id))) return;
    this.#move();
    this.view = 'chat';
    this.comparing = place;
    this.conversationId = id;
  }

  /** Back from the comparisons to the conversation itself. */
  openChat(): void {
    this.#move();
    this.view = 'chat';
    this.comparing = null;
  }

  openDiscover(repository: string | null = this.repository): void {
    this.#move();
    this.view = 'discover';
    this.repository = repository;
  }

  /** The page of a model; `null` is the place of the library that was open last. */
  openLibrary(modelId: ModelId | null = this.modelId): void {
    this.#move();
    this.view = 'library';
    this.modelId = modelId;
  }

  openLibraryPlace(place: LibraryPlace): void {
    this.libraryPlace = place;
    this.openLibrary(null);
  }

  openSettings(place: SettingsPlace = 'settings', row: string | null = null): void {
    this.#move();
    this.view = 'settings';
    this.settingsPlace = place;
    this.settingsRow = row;
  }

  #stays(id: ConversationId | null, go: () => void): boolean {
    return id !== this.conversationId && this.guard?.(go) === false;
  }

  #move(): void {
    // An effect that moves must not run again because of it.
    untrack(() => (this.moves += 1));
  }
}
