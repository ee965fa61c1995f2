/** Where each conversation was being read, for the run of the app. None is at its end, following. */

import type { ConversationId } from '$/gen/protocol';
import type { TurnPlace } from './scrollFollower.svelte';

/** A place in a conversation: the first message in view, and where its top was. */
export interface ReadingPlace extends TurnPlace {
  /** Which message it was, counted from the end: so far back messages are fetched to find it again. */
  fromEnd: number;
}

export class ReadingPlaces {
  readonly #places = new Map<string, ReadingPlace>();

  of(conversation: ConversationId | null): ReadingPlace | null {
    return conversation ? (this.#places.get(conversation) ?? null) : null;
  }

  /** `null`: at the end. */
  keep(conversation: ConversationId | null, place: ReadingPlace | null): void {
    if (!conversation) return;
    if (place) this.#places.set(conversation, place);
    else this.#places.delete(conversation);
  }
}
