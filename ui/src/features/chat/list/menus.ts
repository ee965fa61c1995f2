/** Entries of menus that organise conversations: of one row, or of those selected. */

import Archive from '@lucide/svelte/icons/archive';
import ArchiveRestore from '@lucide/svelte/icons/archive-restore';
import Folder from '@lucide/svelte/icons/folder';
import FolderPlus from '@lucide/svelte/icons/folder-plus';
import Plus from '@lucide/svelte/icons/plus';
import Tag from '@lucide/svelte/icons/tag';
import type { ConversationSummary, Folder as FolderOf } from '$/gen/protocol';
import type { MenuEntry, Submenu } from '$/kit/menu';
import type { Sirocco } from '$/lib/state';
import { archive, moveTo, newFolder, setTag } from '../organising';
import type { Organiser } from '../state/organiser.svelte';
import { chatStrings } from '../strings.en';

const strings = chatStrings.organise;

type Rows = readonly ConversationSummary[];

/** What takes the row of an open menu off the list comes after the menu has closed and given the focus back. */
const afterMenu = (work: () => Promise<void>) => () => void setTimeout(() => void work(), 60);

/** Every folder as `outer / inner`, those inside behind the one around them. */
export function folderChoices({ folders }: Organiser): { folder: FolderOf; label: string }[] {
  const choices = folders.all.map((folder) => {
    const label = folders.path(folder.id).map((one) => one.name).join(' / ');
    return { folder, label };
  });
  return choices.sort((a, b) => a.label.localeCompare(b.label));
}

export function moveMenu(state: Sirocco, organiser: Organiser, rows: Rows): Submenu {
  const all = (id: string | null) => rows.length > 0 && rows.every((row) => row.folder_id === id);
  const items: MenuEntry[] = [
    { label: strings.noFolder, checked: all(null), onSelect: afterMenu(() => moveTo(state, rows, null)) },
    ...folderChoices(organiser).map(({ folder, label }) => ({
      label,
      checked: all(folder.id),
      onSelect: afterMenu(() => moveTo(state, rows, folder)),
    })),
    'separator',
    { label: strings.newFolderEntry, icon: FolderPlus, onSelect: () => newFolder(organiser, null, (folder) => moveTo(state, rows, folder)) },
  ];
  return { label: strings.moveTo, icon: Folder, items };
}

export function tagMenu(state: Sirocco, organiser: Organiser, rows: Rows): Submenu {
  const items: MenuEntry[] = organiser.folders.tags.map(({ tag }) => {
    const checked = rows.length > 0 && rows.every((row) => row.tags.includes(tag));
    return { label: tag, checked, onSelect: () => void setTag(state, rows, tag, !checked) };
  });
  const fresh: MenuEntry = { label: strings.newTagEntry, icon: Plus, onSelect: () => newTag(state, organiser, rows) };
  return { label: strings.tags, icon: Tag, items: items.length > 0 ? [...items, 'separator', fresh] : [fresh] };
}

/** Asks for a tag and gives it to the rows. */
export function newTag(state: Sirocco, organiser: Organiser, rows: Rows): void {
  organiser.ask(strings.newTag, async (tag) => {
    await state.conversations.organise(rows.map((row) => row.id), { type: 'tag', tag });
  });
}

/** Archives, or takes out of the archive if that is where all of them are. */
export function archiveItem(state: Sirocco, rows: Rows) {
  const wanted = !rows.every((row) => row.archived);
  return {
    label: wanted ? strings.archive : strings.unarchive,
    icon: wanted ? Archive : ArchiveRestore,
    onSelect: afterMenu(() => archive(state, rows, wanted)),
  };
}
