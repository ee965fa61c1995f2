/** What a page is for: its address says so. Most are the main one; a window of its own shows one conversation first. */
import type { ConversationId } from '$/gen/protocol';

export type PagePlace = { type: 'main' } | { type: 'conversation'; id: ConversationId } | { type: 'quick' };

/** Reads it from the part of the address behind `#`. */
export function pagePlace(hash = location.hash): PagePlace {
  const words = new URLSearchParams(hash.slice(1));
  const id = words.get('conversation');
  if (id) return { type: 'conversation', id };
  return words.has('quick') ? { type: 'quick' } : { type: 'main' };
}
