/** Messages of the scripted backend that wait for the end of an answer. */
import type { Conversation, QueuedMessage } from '$/gen/protocol';
import { entry, missing, type Handlers, type ScriptedHost } from './host';

export function queueHandlers(host: ScriptedHost) {
  const stored = (id: string): Conversation => entry(host.stored, id, 'conversation').conversation;

  function changed({ summary, queue }: Conversation): QueuedMessage[] {
    host.emit({ type: 'queue_changed', conversation_id: summary.id, queue });
    return queue;
  }

  return {
    queue_add: ({ conversation_id, content, attachments, place, is_draft }) => {
      const conversation = stored(conversation_id);
      const files = attachments.map((id) => entry(host.attached, id, 'attachment').attachment);
      conversation.queue.splice(place ?? conversation.queue.length, 0, { id: host.id('queued'), content, attachments: files });
      if (is_draft) {
        conversation.draft = '';
        conversation.draft_attachments = [];
      }
      return changed(conversation);
    },
    queue_move: ({ conversation_id, id, place }) => {
      const conversation = stored(conversation_id);
      conversation.queue.splice(place, 0, take(conversation, id));
      return changed(conversation);
    },
    queue_remove: ({ conversation_id, id }) => {
      const conversation = stored(conversation_id);
      take(conversation, id);
      return changed(conversation);
    },
    queue_send: ({ conversation_id }) => {
      const conversation = stored(conversation_id);
      const next = conversation.queue.shift();
      if (!next) throw missing('queued message');
      changed(conversation);
      const started = host.ask(conversation_id, next.content, next.attachments.map((one) => one.id));
      host.emit({ type: 'messages_changed', conversation_id, head: conversation.head });
      return started;
    },
  } satisfies Partial<Handlers>;
}

function take(conversation: Conversation, id: string): QueuedMessage {
  const at = conversation.queue.findIndex((one) => one.id === id);
  const [taken] = at < 0 ? [] : conversation.queue.splice(at, 1);
  if (!taken) throw missing('queued message');
  return taken;
}
