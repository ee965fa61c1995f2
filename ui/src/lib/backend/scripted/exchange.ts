/** Conversations in and out: a file of ChatGPT with two conversations, and exports that say what they are. */
import type { ExportFormat, ExportScope } from '$/gen/protocol';
import { message, newConversation } from './conversations';
import { entry, missing, refusal, type Handlers, type ScriptedHost } from './host';
import { NOW } from './models';
import { isWithin } from './organise';

type ExchangeCommand = 'exchange_preview' | 'exchange_import' | 'exchange_export';

/** What the file holds. */
const FOREIGN = [
  { id: 'c-tides', title: 'Tides and moons', at: NOW - 40 * 86_400_000 },
  { id: 'c-knives', title: 'Knives', at: NOW - 90 * 86_400_000 },
];
const REFUSED = [{ name: 'Cut in two', reason: 'message `b` answers `a`, which is not there' }];
const ENDINGS: Record<ExportFormat, string> = { markdown: 'md', html: 'html', json: 'json', jsonl: 'jsonl' };

export function exchangeHandlers(host: ScriptedHost, inWindow: boolean): Pick<Handlers, ExchangeCommand> {
  const { stored } = host;
  const check = (handle: string): void => {
    if (!handle.endsWith('.txt')) return;
    throw refusal('file_problem', `could not read \`${handle}\`: it holds no conversations of a known form`, 'exports of ChatGPT can be read');
  };
  const chosenBy = (scope: ExportScope) => {
    const all = [...stored.values()];
    if (scope.type === 'all') return all;
    if (scope.type === 'conversations') return scope.ids.map((id) => entry(stored, id, 'conversation'));
    if (!host.folders.has(scope.id)) throw missing('folder');
    return all.filter(({ conversation }) => isWithin(host.folders, conversation.summary.folder_id, scope.id));
  };
  return {
    exchange_preview: ({ handle }) => {
      check(handle);
      return {
        formats: ['chatgpt'],
        conversation_count: FOREIGN.length,
        known_count: FOREIGN.filter(({ id }) => stored.has(id)).length,
        trashed_count: FOREIGN.filter(({ id }) => host.deleted.has(id)).length,
        message_count: 4,
        branch_count: 3,
        left_out: [
          { kind: 'attachments', count: 1 },
          { kind: 'tools', count: 12 },
        ],
        refused: REFUSED,
      };
    },
    exchange_import: ({ handle }) => {
      check(handle);
      const restored = FOREIGN.map(({ id }) => id).filter((id) => host.deleted.has(id));
      const fresh = FOREIGN.filter(({ id }) => !stored.has(id) && !host.deleted.has(id));
      for (const id of restored) {
        const back = entry(host.deleted, id, 'conversation');
        host.deleted.delete(id);
        stored.set(id, back);
        host.emit({ type: 'conversations_organised', change: { type: 'restore' }, conversations: [back.conversation.summary] });
      }
      for (const { id, title, at } of fresh) {
        const conversation = newConversation(id, title, at);
        const question = message(id, `${id}-1`, 'user', 'Why?', null, at);
        const answer = message(id, `${id}-2`, 'assistant', 'Because.', question.id, at);
        conversation.head = answer.id;
        stored.set(id, { conversation, messages: [question, answer] });
        host.emit({ type: 'conversation_changed', conversation: conversation.summary });
      }
      host.emit({ type: 'exchange_moved', handle, done_count: FOREIGN.length, total_count: FOREIGN.length });
      return { added: fresh.map(({ id }) => id), restored, known_count: FOREIGN.length - fresh.length - restored.length, refused: REFUSED };
    },
    exchange_export: ({ scope, format, only_good, target }) => {
      const chosen = chosenBy(scope);
      const exported = chosen.filter(({ messages }) => !only_good || messages.some((one) => one.good));
      const conversation_count = exported.length;
      const left_out_count = chosen.length - exported.length;
      if (conversation_count === 0) throw refusal('not_found', 'no answer to export is marked as good yet', null);
      const one = scope.type === 'conversations' && scope.ids.length === 1;
      const title = one ? (chosen[0]?.conversation.summary.title ?? '') : scope.type === 'folder' ? (host.folders.get(scope.id)?.name ?? '') : 'Sirocco conversations';
      const isArchive = !one && format !== 'jsonl';
      const name = `${title}.${isArchive ? 'zip' : ENDINGS[format]}`;
      if (target === 'ask') {
        if (!inWindow) throw refusal('invalid_request', 'only the window of the app can ask where to save');
        return { type: 'saved', path: `/home/ada/${name}`, conversation_count, left_out_count };
      }
      if (isArchive) return { type: 'archive', name, conversation_count, base64: btoa('PK') };
      return { type: 'text', name, media_type: `text/${format}`, conversation_count, left_out_count, text: `# ${title}\n` };
    },
  };
}
