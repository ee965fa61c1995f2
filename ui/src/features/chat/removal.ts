/** Deleting a conversation, with the way back. */
import type { ConversationSummary } from '$/gen/protocol';
import type { Sirocco } from '$/lib/state';
import { chatStrings } from './strings.en';

/** Deletes it and offers to undo that; says what went wrong instead. */
export async function removeConversation({ conversations, navigation, toasts }: Sirocco, row: ConversationSummary): Promise<void> {
  const strings = chatStrings.list;
  const restore = () =>
    void conversations.restore(row.id).then(
      () => navigation.openConversation(row.id),
      (thrown: unknown) => toasts.error(thrown),
    );
  try {
    await conversations.remove(row.id);
    if (navigation.conversationId === row.id) navigation.newChat();
    toasts.show(strings.deleted(row.title), { action: { label: strings.undo, run: restore } });
  } catch (thrown) {
    toasts.error(thrown);
  }
}
