/** Conversations under the headings of their days. Pure; the clock is passed in. */

import type { ConversationSummary } from '$/gen/protocol';
import { dayGroup } from '$/lib/format';
import { chatStrings } from './strings.en';

export type ListEntry = { type: 'group'; title: string } | { type: 'row'; row: ConversationSummary };

/** Rows in the order given, with a heading before the first of each group. */
export function grouped(rows: readonly ConversationSummary[], now_ms: number): ListEntry[] {
  const entries: ListEntry[] = [];
  let last: string | null = null;
  for (const row of rows) {
    const title = headingOf(row, now_ms);
    if (title !== last) entries.push({ type: 'group', title });
    last = title;
    entries.push({ type: 'row', row });
  }
  return entries;
}

function headingOf(row: ConversationSummary, now_ms: number): string {
  const strings = chatStrings.list;
  if (row.pinned) return strings.pinned;
  const group = dayGroup(row.updated_at_ms, now_ms);
  return typeof group === 'string' ? strings[group] : group.month;
}
