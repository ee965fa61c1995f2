/** Folders, tags, archive and trash of the scripted backend. */
import type { ConversationSummary, Folder, FolderId, Organising } from '$/gen/protocol';
import type { Stored } from './conversations';
import { entry, missing, refusal, type Handlers, type ScriptedHost } from './host';
import { NOW } from './models';

const DAY = 86_400_000;

/** What a deleted folder held. */
interface Held {
  folder: Folder;
  folders: string[];
  conversations: string[];
}

/** Whether a folder is another one or lies inside it. */
export function isWithin(folders: ReadonlyMap<string, Folder>, id: FolderId | null, around: FolderId): boolean {
  for (let at = id; at; at = folders.get(at)?.parent_id ?? null) if (at === around) return true;
  return false;
}

/** Puts the conversations of a development page into folders, archive and trash, some with tags. */
export function organise(host: ScriptedHost): void {
  const folders: Folder[] = [
    { id: 'f-work', parent_id: null, name: 'Work' },
    { id: 'f-hiring', parent_id: 'f-work', name: 'Hiring' },
    { id: 'f-travel', parent_id: null, name: 'Travel' },
    { id: 'f-ideas', parent_id: null, name: 'Ideas that may become something one day' },
  ];
  for (const folder of folders) host.folders.set(folder.id, folder);
  const places: Record<string, string> = { 'c-1': 'f-work', 'c-5': 'f-work', 'c-7': 'f-hiring', 'c-3': 'f-travel' };
  for (const { conversation } of host.stored.values()) conversation.summary.folder_id = places[conversation.summary.id] ?? null;
  const tag = (id: string, ...tags: string[]) => host.stored.get(id)?.conversation.summary.tags.push(...tags);
  tag('c-0', 'rust');
  tag('c-1', 'legal', 'to read');
  tag('c-4', 'rust');
  const archived = host.stored.get('c-8')?.conversation.summary;
  if (archived) archived.archived = true;
  const gone = host.stored.get('c-9');
  if (gone) host.deleted.set('c-9', gone);
  host.stored.delete('c-9');
}

export function organiseHandlers(host: ScriptedHost) {
  const { stored, deleted, folders } = host;
  const dissolved = new Map<string, Held>();

  const list = () => [...folders.values()].sort((a, b) => a.name.localeCompare(b.name));
  const changed = () => host.emit({ type: 'folders_changed', folders: list() });
  const summaries = () => [...stored.values()].map((one) => one.conversation.summary);

  /** Changes one conversation; answers whether it was otherwise before. */
  function apply(row: ConversationSummary, change: Organising): boolean {
    const before = JSON.stringify(row);
    if (change.type === 'move') row.folder_id = change.folder_id ?? null;
    if (change.type === 'archive' || change.type === 'unarchive') row.archived = change.type === 'archive';
    if (change.type === 'tag' || change.type === 'untag') {
      const others = row.tags.filter((tag) => tag.toLowerCase() !== change.tag.toLowerCase());
      row.tags = change.type === 'untag' ? others : [...others, change.tag].sort((a, b) => a.localeCompare(b));
    }
    return JSON.stringify(row) !== before;
  }

  function carry(id: string, from: Map<string, Stored>, to: Map<string, Stored>): ConversationSummary[] {
    const found = from.get(id);
    if (!found) return [];
    from.delete(id);
    to.set(id, found);
    return [found.conversation.summary];
  }

  function refile(ids: string[], folder_id: FolderId | null): void {
    const rows = summaries().filter((row) => ids.includes(row.id));
    for (const row of rows) row.folder_id = folder_id;
    host.emit({ type: 'conversations_organised', change: { type: 'move', folder_id }, conversations: rows });
  }

  return {
    conversation_organise: ({ ids, change }) => {
      if (change.type === 'move' && change.folder_id) entry(folders, change.folder_id, 'folder');
      const rows = ids.flatMap((id) => {
        if (change.type === 'delete') return carry(id, stored, deleted);
        if (change.type === 'restore') return carry(id, deleted, stored);
        const row = stored.get(id)?.conversation.summary;
        return row && apply(row, change) ? [row] : [];
      });
      host.emit({ type: 'conversations_organised', change, conversations: rows });
      return rows;
    },
    conversation_remove: ({ ids }) => {
      const gone = ids.filter((id) => deleted.delete(id));
      host.emit({ type: 'conversations_removed', conversation_ids: gone });
      return {};
    },
    conversation_trash: () =>
      [...deleted.values()].reverse().map(({ conversation }) => ({
        conversation: conversation.summary,
        deleted_at_ms: NOW,
        removed_at_ms: NOW + host.settings.conversation_trash_days * DAY,
      })),
    conversation_trash_empty: () => {
      const gone = [...deleted.keys()];
      deleted.clear();
      host.emit({ type: 'conversations_removed', conversation_ids: gone });
      return {};
    },
    tag_list: () => {
      const counts = new Map<string, number>();
      for (const tag of summaries().flatMap((row) => row.tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
      return [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([tag, conversation_count]) => ({ tag, conversation_count }));
    },

    folder_list: list,
    folder_create: ({ name, parent_id }) => {
      if (name.trim() === '') throw refusal('invalid_request', 'the name of a folder has 1 to 200 characters');
      const folder: Folder = { id: host.id('folder'), name: name.trim(), parent_id: parent_id ?? null };
      folders.set(folder.id, folder);
      changed();
      return folder;
    },
    folder_rename: ({ id, name }) => {
      const folder = entry(folders, id, 'folder');
      folder.name = name.trim();
      changed();
      return folder;
    },
    folder_move: ({ id, parent_id }) => {
      const folder = entry(folders, id, 'folder');
      if (isWithin(folders, parent_id ?? null, id)) {
        throw refusal('invalid_request', 'a folder cannot be moved into itself or a folder inside it');
      }
      folder.parent_id = parent_id ?? null;
      changed();
      return folder;
    },
    folder_delete: ({ id }) => {
      const folder = entry(folders, id, 'folder');
      const inside = [...folders.values()].filter((one) => one.parent_id === id);
      const conversations = summaries().filter((row) => row.folder_id === id).map((row) => row.id);
      dissolved.set(id, { folder, folders: inside.map((one) => one.id), conversations });
      folders.delete(id);
      for (const one of inside) one.parent_id = folder.parent_id;
      changed();
      refile(conversations, folder.parent_id);
      return {};
    },
    folder_restore: ({ id }) => {
      const held = dissolved.get(id);
      if (!held) throw missing('folder');
      dissolved.delete(id);
      folders.set(id, held.folder);
      for (const one of held.folders) entry(folders, one, 'folder').parent_id = id;
      changed();
      refile(held.conversations, id);
      return held.folder;
    },
  } satisfies Partial<Handlers>;
}
