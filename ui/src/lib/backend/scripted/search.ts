/** The search of the scripted backend: slow and simple, with the answers of the real one. */
import type { FoundMessage, SearchCursor, SearchResult, TextRange } from '$/gen/protocol';
import { branchOf, type Stored } from './conversations';
import { entry, type Handlers, type ScriptedHost } from './host';
import { isWithin } from './organise';

const fold = (text: string) =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/\s+/g, ' ');

/** Where the words stand, or nothing if one of them does not; the last may be the beginning of a word. */
function marksOf(text: string, words: string[]): TextRange[] | null {
  const missing = new Set(words);
  const marks: TextRange[] = [];
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\u0300-\u036f]*/gu)) {
    const folded = fold(word);
    const found = words.find((wanted, at) => folded === wanted || (at === words.length - 1 && folded.startsWith(wanted)));
    if (found === undefined) continue;
    missing.delete(found);
    marks.push({ start: index, end: index + (folded === found ? word.length : found.length) });
  }
  return missing.size === 0 && words.length > 0 ? marks : null;
}

/** Titles first, then the newest, then the largest id. */
const order = (a: SearchCursor, b: SearchCursor) =>
  Number(b.titled) - Number(a.titled) || b.at_ms - a.at_ms || Number(a.id < b.id) - Number(b.id < a.id);

export function searchHandlers(host: ScriptedHost) {
  return {
    message_search: ({ query, role, model_name, folder_id, tag, from_ms, until_ms, after, limit }) => {
      const words = fold(query).match(/[\p{L}\p{N}]+/gu) ?? [];
      const inTime = (at_ms: number) => at_ms >= (from_ms ?? -Infinity) && at_ms < (until_ms ?? Infinity);

      const look = ({ conversation, messages }: Stored): SearchResult | null => {
        const { summary } = conversation;
        const title_marks = marksOf(summary.title, words);
        const titled = title_marks !== null && !role && !model_name && inTime(summary.updated_at_ms);
        const found: FoundMessage[] = messages
          .filter((one) => (!role || one.role === role) && (!model_name || one.model_name === model_name) && inTime(one.created_at_ms))
          .flatMap((one) => {
            const text = one.content.replace(/\s+/g, ' ');
            const marks = marksOf(text, words);
            if (!marks) return [];
            const from = Math.max(0, text.lastIndexOf(' ', Math.max(0, (marks[0]?.start ?? 0) - 30)) + 1);
            const { id, created_at_ms } = one;
            return {
              id,
              role: one.role,
              model_name: one.model_name,
              created_at_ms,
              snippet: text.slice(from, from + 180),
              marks: marks.map(({ start, end }) => ({ start: start - from, end: end - from })).filter((mark) => mark.end <= 180),
            };
          });
        const newest = found.at(-1) ?? null;
        const note_marks = marksOf(conversation.notes, words);
        const noted = note_marks !== null && !role && !model_name && inTime(summary.updated_at_ms);
        if (!titled && !newest && !noted) return null;
        const at_ms = Math.max(titled || noted ? summary.updated_at_ms : 0, newest?.created_at_ms ?? 0);
        return {
          conversation: summary,
          title_marks: title_marks ?? [],
          message: newest,
          message_count: found.length,
          notes: noted ? { snippet: conversation.notes, marks: note_marks } : null,
          place: { titled, at_ms, id: summary.id },
        };
      };

      const inPlace = ({ conversation: { summary } }: Stored) =>
        (!folder_id || isWithin(host.folders, summary.folder_id, folder_id)) &&
        (!tag || summary.tags.some((one) => one.toLowerCase() === tag.toLowerCase()));

      return [...host.stored.values()]
        .filter(inPlace)
        .flatMap((stored) => look(stored) ?? [])
        .sort((a, b) => order(a.place, b.place))
        .filter((one) => !after || order(after, one.place) < 0)
        .slice(0, limit);
    },
    message_models: () => {
      const all = [...host.stored.values()].flatMap(({ messages }) => messages.flatMap((one) => one.model_name ?? []));
      return [...new Set(all)].sort((a, b) => a.localeCompare(b));
    },
    message_find: ({ conversation_id, query }) => {
      const stored = entry(host.stored, conversation_id, 'conversation');
      const wanted = fold(query).trim();
      if (wanted === '') return [];
      return branchOf(stored)
        .filter((one) => fold(one.content).includes(wanted))
        .map((one) => one.id);
    },
  } satisfies Partial<Handlers>;
}
