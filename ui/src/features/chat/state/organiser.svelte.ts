/** How the many conversations of the list are kept: what is shown of them, chosen, and dragged. */

import type { ConversationId, Event, FolderId } from '$/gen/protocol';
import type { Sirocco } from '$/lib/state';
import { Folders } from './folders.svelte';
import { Selection } from './selection.svelte';
import { ListShelf, type ShelfView } from './shelf.svelte';

/** What is on its way to a folder. */
export type Dragged = { type: 'conversations'; ids: ConversationId[] } | { type: 'folder'; id: FolderId };

export class Organiser {
  readonly folders: Folders;
  readonly selection = new Selection();
  readonly shelf: ListShelf;
  dragged = $state.raw<Dragged | null>(null);
  /** The row whose name is a field now: a conversation's or a folder's. */
  renaming = $state<string | null>(null);
  /** A dialog that asks for a name; it is shown by the column. */
  asking = $state.raw<{ title: string; run: (name: string) => Promise<void> } | null>(null);

  constructor({ backend, conversations, toasts }: Sirocco) {
    this.folders = new Folders(backend, (id) => void conversations.wholeFolder(id).catch((thrown: unknown) => toasts.error(thrown)));
    this.shelf = new ListShelf(backend);
  }

  show(view: ShelfView): void {
    this.selection.clear();
    void this.shelf.show(view);
  }

  /** Asks for a name; `run` rejects with what is wrong about it. */
  ask(title: string, run: (name: string) => Promise<void>): void {
    this.asking = { title, run };
  }

  handle(event: Event): void {
    this.folders.handle(event);
    this.shelf.handle(event);
  }
}
