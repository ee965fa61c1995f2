/** The folders of conversations, which of them are open, and the tags in use. */

import type { Event, Folder, FolderId, TagUse } from '$/gen/protocol';
import type { Backend } from '$/lib/backend';
import { remember, rememberedWords } from '$/lib/remember';

const OPEN = 'openFolders';

export class Folders {
  /** By name, as the backend gives them. */
  all = $state.raw<readonly Folder[]>([]);
  /** Asked for when a menu or a filter needs them. */
  tags = $state.raw<readonly TagUse[]>([]);
  open = $state.raw<ReadonlySet<FolderId>>(new Set(rememberedWords(OPEN)));

  readonly #backend: Backend;
  readonly #onOpen: (id: FolderId) => void;

  /** `onOpen` is told of every folder whose content is to be shown. */
  constructor(backend: Backend, onOpen: (id: FolderId) => void) {
    this.#backend = backend;
    this.#onOpen = onOpen;
  }

  /** Asks for folders and tags; throws nothing: without them the list is as it is without folders. */
  async load(): Promise<void> {
    try {
      this.all = await this.#backend.call('folder_list', {});
    } catch {
      return;
    }
    for (const folder of this.all) if (this.open.has(folder.id)) this.#onOpen(folder.id);
    await this.loadTags();
  }

  async loadTags(): Promise<void> {
    this.tags = await this.#backend.call('tag_list', {}).catch(() => this.tags);
  }

  folder(id: FolderId | null): Folder | null {
    return this.all.find((one) => one.id === id) ?? null;
  }

  /** The folder and those around it, the outermost first. */
  path(id: FolderId | null): Folder[] {
    const path: Folder[] = [];
    for (let at = this.folder(id); at && !path.includes(at); at = this.folder(at.parent_id)) path.unshift(at);
    return path;
  }

  /** Whether a folder is another one or lies inside it. */
  within(id: FolderId, around: FolderId): boolean {
    return this.path(id).some((one) => one.id === around);
  }

  toggle(id: FolderId, wanted = !this.open.has(id)): void {
    const next = new Set(this.open);
    if (wanted) next.add(id);
    else next.delete(id);
    this.open = next;
    remember(OPEN, [...next].join(' '));
    if (wanted) this.#onOpen(id);
  }

  /** Shows the place of something in a folder. */
  reveal(id: FolderId | null): void {
    for (const one of this.path(id)) if (!this.open.has(one.id)) this.toggle(one.id, true);
  }

  async create(name: string, parent_id: FolderId | null): Promise<Folder> {
    const folder = await this.#backend.call('folder_create', { name, parent_id });
    this.reveal(parent_id);
    return folder;
  }

  async rename(id: FolderId, name: string): Promise<void> {
    await this.#backend.call('folder_rename', { id, name });
  }

  async move(id: FolderId, parent_id: FolderId | null): Promise<void> {
    await this.#backend.call('folder_move', { id, parent_id });
    this.reveal(parent_id);
  }

  async remove(id: FolderId): Promise<void> {
    await this.#backend.call('folder_delete', { id });
  }

  async restore(id: FolderId): Promise<void> {
    await this.#backend.call('folder_restore', { id });
  }

  handle(event: Event): void {
    if (event.type === 'folders_changed') this.all = event.folders;
    if (event.type === 'conversations_organised' && event.change.type !== 'move') void this.loadTags();
    if (event.type === 'lagged') void this.load();
  }
}
