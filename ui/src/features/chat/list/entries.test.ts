import { describe, expect, it } from 'vitest';
import type { ConversationSummary, Folder } from '$/gen/protocol';
import { folderAt, grouped, keyOf, listEntries, type ListEntry } from './entries';

const NOW = new Date(2026, 5, 20, 12).getTime();
const DAY = 86_400_000;

function row(id: string, days: number, more: Partial<ConversationSummary> = {}): ConversationSummary {
  const updated_at_ms = NOW - days * DAY;
  return { id, title: id, created_at_ms: 0, updated_at_ms, pinned: false, running: false, unread: false, folder_id: null, tags: [], archived: false, temporary: false, blind: false, ...more };
}

const folder = (id: string, parent_id: string | null = null): Folder => ({ id, parent_id, name: id });

/** Each entry in a word, further in the deeper it lies. */
const lines = (entries: ListEntry[]) =>
  entries.map((entry) => {
    if (entry.type === 'group') return entry.title;
    const name = entry.type === 'row' ? entry.row.id : entry.type === 'folder' ? `${entry.folder.id}/` : '-';
    return '  '.repeat(entry.depth) + name;
  });

describe('conversations are grouped', () => {
  it('by pin, then by day, with each heading once', () => {
    const rows = [row('p', 90, { pinned: true }), row('a', 0), row('b', 0.2), row('c', 1), row('d', 4), row('e', 20), row('f', 70)];
    expect(lines(grouped(rows, NOW))).toEqual(['Pinned', 'p', 'Today', 'a', 'b', 'Yesterday', 'c', 'Last 7 days', 'd', 'Last 30 days', 'e', 'April 2026', 'f']);
  });
});

describe('the list', () => {
  const all = [folder('work'), folder('art'), folder('inner', 'work')];
  const rows = [row('a', 0), row('b', 0, { folder_id: 'work' }), row('c', 0, { folder_id: 'inner', unread: true }), row('d', 0, { folder_id: 'gone' })];

  it('without folders has no heading for them', () => {
    expect(lines(listEntries({ all: [], open: new Set() }, [row('a', 0)], NOW))).toEqual(['Today', 'a']);
  });

  it('has folders first, in each open one the folders inside it and then its rows', () => {
    const entries = listEntries({ all, open: new Set(['work', 'inner', 'art']) }, rows, NOW);
    expect(lines(entries)).toEqual(['Folders', 'work/', '  inner/', '    c', '  b', 'art/', '  -', 'Today', 'a', 'd']);
    expect(new Set(entries.map(keyOf)).size).toBe(entries.length);
  });

  it('a closed folder says that something in it was not read', () => {
    const entries = listEntries({ all, open: new Set() }, rows, NOW);
    expect(lines(entries)).toEqual(['Folders', 'work/', 'art/', 'Today', 'a', 'd']);
    expect(entries.flatMap((entry) => (entry.type === 'folder' ? [entry.unread] : []))).toEqual([true, false]);
  });

  it('what is dropped on an entry goes to the folder it stands in', () => {
    const entries = listEntries({ all, open: new Set(['work', 'art']) }, rows, NOW);
    expect(entries.map(folderAt)).toEqual([null, 'work', 'inner', 'work', 'art', 'art', null, null, 'gone']);
  });
});
