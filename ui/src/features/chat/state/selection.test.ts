import { describe, expect, it } from 'vitest';
import type { ConversationSummary } from '$/gen/protocol';
import { newConversation } from '$/lib/backend/scripted/conversations';
import { Selection } from './selection.svelte';

const row = (id: string): ConversationSummary => newConversation(id, id, 0).summary;
const rows = ['a', 'b', 'c', 'd', 'e'].map(row);
const [a, b, , d, e] = rows as [ConversationSummary, ConversationSummary, ConversationSummary, ConversationSummary, ConversationSummary];
const ids = (selection: Selection) => [...selection.rows.keys()].join('');

describe('a selection', () => {
  it('takes a row and lets it go', () => {
    const selection = new Selection();
    selection.toggle(b);
    selection.toggle(d);
    selection.toggle(b);
    expect(ids(selection)).toBe('d');
    expect(selection.active).toBe(true);
    selection.clear();
    expect([selection.active, selection.count]).toEqual([false, 0]);
  });

  it('takes the stretch from the row chosen last, in either direction', () => {
    const selection = new Selection();
    selection.toggle(d);
    selection.extend(b, rows);
    expect(ids(selection)).toBe('dbc');
    selection.extend(e, rows);
    expect(ids(selection)).toBe('dbce');
  });

  it('begins with the row where there is none before', () => {
    const selection = new Selection();
    selection.extend(a, rows);
    expect(ids(selection)).toBe('a');
  });

  it('lets go of rows that left the list, and has the others as they are now', () => {
    const selection = new Selection();
    selection.all(rows);
    const renamed = { ...a, title: 'new' };
    selection.follow([renamed, b]);
    expect(ids(selection)).toBe('ab');
    expect(selection.rows.get('a')?.title).toBe('new');
  });
});
