/** The order of the conversation list, the backend's own: pages end at a place in it. */
import type { ConversationCursor } from '$/gen/protocol';

/** Pinned first, then newest first; ids, which grow with time, break ties. */
export function conversationOrder(a: ConversationCursor, b: ConversationCursor): number {
  return Number(b.pinned) - Number(a.pinned) || b.updated_at_ms - a.updated_at_ms || Number(a.id < b.id) - Number(b.id < a.id);
}

export function placeOf({ pinned, updated_at_ms, id }: ConversationCursor): ConversationCursor {
  return { pinned, updated_at_ms, id };
}
