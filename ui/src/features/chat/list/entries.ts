/** What the list shows, in its order: folders with what is open in them, then the days of the rest. Pure. */

import type { ConversationSummary, Folder, FolderId } from '$/gen/protocol';
import { dayGroup } from '$/lib/format';
import { chatStrings } from '../strings.en';

export type ListEntry =
  | { type: 'group'; title: string }
  | { type: 'folder'; folder: Folder; depth: number; open: boolean; unread: boolean }
  | { type: 'empty'; folder_id: FolderId; depth: number }
  | { type: 'row'; row: ConversationSummary; depth: number };

export interface Forest {
  all: readonly Folder[];
  open: ReadonlySet<FolderId>;
}

export const keyOf = (entry: ListEntry): string => {
  if (entry.type === 'row') return entry.row.id;
  if (entry.type === 'folder') return entry.folder.id;
  return entry.type === 'empty' ? `empty ${entry.folder_id}` : `group ${entry.title}`;
};

/** The folder that something dropped on an entry goes to; none is the top. */
export function folderAt(entry: ListEntry): FolderId | null {
  if (entry.type === 'folder') return entry.folder.id;
  if (entry.type === 'empty') return entry.folder_id;
  return entry.type === 'row' ? entry.row.folder_id : null;
}

/** Rows in the order given, with a heading before the first of each group. */
export function grouped(rows: readonly ConversationSummary[], now_ms: number): ListEntry[] {
  const entries: ListEntry[] = [];
  let last: string | null = null;
  for (const row of rows) {
    const title = headingOf(row, now_ms);
    if (title !== last) entries.push({ type: 'group', title });
    last = title;
    entries.push({ type: 'row', row, depth: 0 });
  }
  return entries;
}

/** All of it. A row whose folder is not known stands with those of none. */
export function listEntries({ all: folders, open }: Forest, rows: readonly ConversationSummary[], now_ms: number): ListEntry[] {
  if (folders.length === 0) return grouped(rows, now_ms);
  const inside = groupBy(folders, (folder) => folder.parent_id);
  const known = new Set(folders.map((folder) => folder.id));
  const filed = groupBy(rows, (row) => (row.folder_id && known.has(row.folder_id) ? row.folder_id : null));

  const entriesOf = (folder: Folder, depth: number): ListEntry[] => {
    const within = inside.get(folder.id) ?? [];
    const own = filed.get(folder.id) ?? [];
    const isOpen = open.has(folder.id);
    const entries: ListEntry[] = [{ type: 'folder', folder, depth, open: isOpen, unread: !isOpen && unreadIn(folder.id) }];
    if (!isOpen) return entries;
    entries.push(...within.flatMap((one) => entriesOf(one, depth + 1)));
    entries.push(...own.map((row): ListEntry => ({ type: 'row', row, depth: depth + 1 })));
    if (entries.length === 1) entries.push({ type: 'empty', folder_id: folder.id, depth: depth + 1 });
    return entries;
  };
  const unreadIn = (id: FolderId): boolean =>
    (filed.get(id) ?? []).some((row) => row.unread) || (inside.get(id) ?? []).some((one) => unreadIn(one.id));

  return [
    { type: 'group', title: chatStrings.list.folders },
    ...(inside.get(null) ?? []).flatMap((folder) => entriesOf(folder, 0)),
    ...grouped(filed.get(null) ?? [], now_ms),
  ];
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function headingOf(row: ConversationSummary, now_ms: number): string {
  const strings = chatStrings.list;
  if (row.pinned) return strings.pinned;
  const group = dayGroup(row.updated_at_ms, now_ms);
  return typeof group === 'string' ? strings[group] : group.month;
}
