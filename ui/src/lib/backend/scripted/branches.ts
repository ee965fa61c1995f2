/** What changes the trees of the scripted conversations without an answer: messages put in and left out, and copies. */
import { entry, missing, type Handlers, type ScriptedHost } from './host';
import { branchOf, message, type Stored } from './conversations';

export function branchHandlers(host: ScriptedHost) {
  const changed = ({ conversation }: Stored) => {
    host.emit({ type: 'messages_changed', conversation_id: conversation.summary.id, head: conversation.head });
    host.emit({ type: 'conversation_changed', conversation: conversation.summary });
  };

  const withMessage = (id: string): Stored => {
    for (const stored of host.stored.values()) if (stored.messages.some((one) => one.id === id)) return stored;
    throw missing('message');
  };

  function copy(source: Stored, until: string | null, mark: string): Stored {
    const id = host.id('c-copy');
    const taken = until === null ? source.messages : branchOf(source, until);
    const ids = new Map(taken.map((one) => [one.id, host.id('msg')]));
    const now_ms = Date.now();
    const { summary } = source.conversation;
    const made = structuredClone({ conversation: source.conversation, messages: taken });
    made.conversation.summary = { ...summary, id, title: `${summary.title} (${mark})`, created_at_ms: now_ms, updated_at_ms: now_ms, pinned: false };
    made.conversation.head = ids.get(until ?? source.conversation.head ?? '') ?? null;
    made.conversation.draft = '';
    made.conversation.draft_attachments = [];
    for (const one of made.messages) {
      one.id = ids.get(one.id) ?? one.id;
      one.conversation_id = id;
      one.parent_id = one.parent_id && (ids.get(one.parent_id) ?? null);
      one.versions = one.versions.flatMap((version) => ids.get(version) ?? []);
      if (one.run) one.run = { ...one.run, id: `run-${one.id}`, conversation_id: id, message_id: one.id };
    }
    host.stored.set(id, made);
    host.emit({ type: 'conversation_changed', conversation: made.conversation.summary });
    return made;
  }

  const withSummary = (id: string) => {
    for (const stored of host.stored.values()) {
      const found = stored.messages.find((one) => one.summary?.id === id);
      if (found?.summary) return { stored, found, summary: found.summary };
    }
    throw missing('summary');
  };

  return {
    summary_update: ({ id, text }) => {
      const { stored, found, summary } = withSummary(id);
      found.summary = { ...summary, text, edited: true };
      changed(stored);
      return found;
    },
    summary_delete: ({ id }) => {
      const { stored, found } = withSummary(id);
      found.summary = null;
      changed(stored);
      return found;
    },
    message_outline: ({ conversation_id }) => {
      const { conversation, messages } = entry(host.stored, conversation_id, 'conversation');
      const depth = (id: string | null): number => {
        const found = messages.find((one) => one.id === id);
        return found ? 1 + depth(found.parent_id) : 0;
      };
      const rows = messages.map(({ id, parent_id, role, content }) => ({ id, parent_id, role, beginning: content.trim().replace(/\s+/gu, ' ').slice(0, 80) }));
      return { head: conversation.head, messages: rows.sort((a, b) => depth(a.id) - depth(b.id)) };
    },
    conversation_duplicate: ({ id }) => copy(entry(host.stored, id, 'conversation'), null, 'copy').conversation,
    conversation_branch: ({ message_id }) => copy(withMessage(message_id), message_id, 'branch').conversation,
    message_insert: ({ conversation_id, after, role, content }) => {
      const stored = entry(host.stored, conversation_id, 'conversation');
      const { conversation, messages } = stored;
      const parent = after ?? conversation.head;
      const inserted = message(conversation_id, host.id('msg'), role, content, parent, Date.now());
      inserted.run = null;
      inserted.model_name = null;
      if (after) for (const one of messages) if (one.parent_id === after) one.parent_id = inserted.id;
      if (conversation.head === parent) conversation.head = inserted.id;
      messages.push(inserted);
      changed(stored);
      return inserted;
    },
    message_leave_out: ({ id, left_out }) => {
      const stored = withMessage(id);
      const found = stored.messages.find((one) => one.id === id);
      if (!found) throw missing('message');
      found.left_out = left_out;
      changed(stored);
      return found;
    },
    message_mark_good: ({ id, good }) => {
      const stored = withMessage(id);
      const found = stored.messages.find((one) => one.id === id && one.role === 'assistant');
      if (!found) throw missing('answer');
      found.good = good;
      changed(stored);
      return found;
    },
  } satisfies Partial<Handlers>;
}
