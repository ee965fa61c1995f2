/** What is done with conversations and folders, with the way back of each. */

import type { ConversationId, ConversationSummary, Folder, FolderId, Organising } from '$/gen/protocol';
import type { Sirocco } from '$/lib/state';
import { removeConversation } from './removal';
import type { Dragged, Organiser } from './state/organiser.svelte';
import { chatStrings } from './strings.en';

const strings = chatStrings.organise;
const { undo } = chatStrings.list;

type Rows = readonly ConversationSummary[];
const idsOf = (rows: Rows): ConversationId[] => rows.map((row) => row.id);
/** `one` for a single row, named; else `many`. */
const named = (rows: Rows, one: (title: string) => string, many: (count: number) => string): string =>
  rows.length === 1 && rows[0] ? one(rows[0].title) : many(rows.length);

/** Does it, tells `text` and offers the changes that undo it; says what went wrong instead. */
async function organise(state: Sirocco, rows: Rows, change: Organising, text: string | null, back: () => [ConversationId[], Organising][]): Promise<boolean> {
  const { conversations, toasts } = state;
  try {
    await conversations.organise(idsOf(rows), change);
  } catch (thrown) {
    toasts.error(thrown);
    return false;
  }
  if (text !== null) {
    const run = () => {
      for (const [ids, undoing] of back()) void conversations.organise(ids, undoing).catch((thrown: unknown) => toasts.error(thrown));
    };
    toasts.show(text, { action: { label: undo, run } });
  }
  return true;
}

/** Puts conversations into a folder, or into none; each is put back where it was. */
export async function moveTo(state: Sirocco, rows: Rows, folder: Folder | null): Promise<void> {
  const moving = rows.filter((row) => row.folder_id !== (folder?.id ?? null));
  if (moving.length === 0) return;
  const before = new Map<FolderId | null, ConversationId[]>();
  for (const row of moving) before.set(row.folder_id, [...(before.get(row.folder_id) ?? []), row.id]);
  const name = folder?.name ?? null;
  const text = named(moving, (title) => strings.moved(title, name), (count) => strings.movedMany(count, name));
  await organise(state, moving, { type: 'move', folder_id: folder?.id ?? null }, text, () =>
    [...before].map(([folder_id, ids]) => [ids, { type: 'move', folder_id }]),
  );
}

/** Copies a conversation and shows the copy. */
export async function duplicate({ conversations, navigation, toasts }: Sirocco, row: ConversationSummary): Promise<void> {
  try {
    navigation.openConversation((await conversations.duplicate(row.id)).summary.id);
  } catch (thrown) {
    toasts.error(thrown);
  }
}

/** Takes conversations off the list, or puts them back on it. */
export async function archive(state: Sirocco, rows: Rows, wanted = true): Promise<void> {
  const there: Organising = wanted ? { type: 'archive' } : { type: 'unarchive' };
  const back: Organising = wanted ? { type: 'unarchive' } : { type: 'archive' };
  const text = wanted ? named(rows, strings.archived, strings.archivedMany) : named(rows, strings.unarchived, strings.unarchivedMany);
  const done = await organise(state, rows, there, text, () => [[idsOf(rows), back]]);
  const { navigation } = state;
  if (done && wanted && rows.some((row) => row.id === navigation.conversationId)) navigation.newChat();
}

/** A tag shows where it was given, so nothing is told. */
export async function setTag(state: Sirocco, rows: Rows, tag: string, wanted: boolean): Promise<void> {
  await organise(state, rows, { type: wanted ? 'tag' : 'untag', tag }, null, () => []);
}

export async function removeConversations(state: Sirocco, rows: Rows): Promise<void> {
  const [only] = rows;
  if (rows.length === 1 && only) return removeConversation(state, only);
  const text = chatStrings.list.deletedMany(rows.length);
  await organise(state, rows, { type: 'delete' }, text, () => [[idsOf(rows), { type: 'restore' }]]);
}

/** Asks for a name and makes a folder of it; `fill` gets it. */
export function newFolder(organiser: Organiser, parent: Folder | null, fill: (folder: Folder) => Promise<void> | void = () => undefined): void {
  organiser.ask(parent ? strings.newFolderIn : strings.newFolder, async (name) => {
    await fill(await organiser.folders.create(name, parent?.id ?? null));
  });
}

export async function removeFolder({ toasts }: Sirocco, { folders }: Organiser, folder: Folder): Promise<void> {
  const restore = () => void folders.restore(folder.id).catch((thrown: unknown) => toasts.error(thrown));
  try {
    await folders.remove(folder.id);
    toasts.show(strings.folderDeleted(folder.name), { action: { label: undo, run: restore } });
  } catch (thrown) {
    toasts.error(thrown);
  }
}

/** Whether something dragged may be put there: a folder not into itself. */
export function canDrop({ folders }: Organiser, dragged: Dragged, target: FolderId | null): boolean {
  return dragged.type === 'conversations' || target === null || !folders.within(target, dragged.id);
}

/** Puts what was dragged into a folder, or at the top. */
export async function drop(state: Sirocco, organiser: Organiser, dragged: Dragged, target: FolderId | null): Promise<void> {
  if (!canDrop(organiser, dragged, target)) return;
  const { folders, shelf } = organiser;
  if (dragged.type === 'conversations') {
    const known = new Map([...state.conversations.items, ...shelf.items].map((row) => [row.id, row]));
    const rows = dragged.ids.flatMap((id) => known.get(id) ?? []);
    return moveTo(state, rows, folders.folder(target));
  }
  if (folders.folder(dragged.id)?.parent_id === target) return;
  await folders.move(dragged.id, target).catch((thrown: unknown) => state.toasts.error(thrown));
}
