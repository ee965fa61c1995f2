/** Which turns of a conversation that is opened at its end can be drawn after the others: those far above the window. */

import type { Turn } from './turn.svelte';

/** No turn is lower than its text in long lines, drawn small and close; pixels of the style sheet. */
const LINE_PX = 20;
const LINE_CHARACTERS = 110;
/** A turn without any text. */
const EMPTY_PX = 50;
/** What is drawn first, in windows: the transcript has an end that is looked at, and some room to scroll. */
const WINDOWS = 1.5;

/** So many turns at the beginning lie above a window of that height whose end shows the last turn. */
export function turnsAbove(turns: readonly Turn[], window_px: number): number {
  let filled = 0;
  let first = turns.length;
  while (first > 0 && filled < WINDOWS * window_px) {
    first -= 1;
    filled += EMPTY_PX + (LINE_PX * (turns[first]?.content.length ?? 0)) / LINE_CHARACTERS;
  }
  return first;
}
