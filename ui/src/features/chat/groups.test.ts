import { describe, expect, it } from 'vitest';
import type { ConversationSummary } from '$/gen/protocol';
import { grouped } from './groups';

const NOW = new Date(2026, 5, 20, 12).getTime();
const DAY = 86_400_000;

function row(id: string, days: number, pinned = false): ConversationSummary {
  return { id, title: id, created_at_ms: 0, updated_at_ms: NOW - days * DAY, pinned, running: false, unread: false };
}

describe('conversations are grouped', () => {
  it('by pin, then by day, with each heading once', () => {
    const rows = [row('p', 90, true), row('a', 0), row('b', 0.2), row('c', 1), row('d', 4), row('e', 20), row('f', 70)];
    expect(grouped(rows, NOW).map((entry) => (entry.type === 'group' ? entry.title : entry.row.id))).toEqual([
      'Pinned', 'p', 'Today', 'a', 'b', 'Yesterday', 'c', 'Last 7 days', 'd', 'Last 30 days', 'e', 'April 2026', 'f',
    ]);
  });
});
