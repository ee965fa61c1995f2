/** Texts with marked stretches, as the backend tells them. Pure. */

import type { TextRange } from '$/gen/protocol';

export interface Piece {
  text: string;
  marked: boolean;
}

/** The text in pieces. Marks are in order and in UTF-16 units, which are JavaScript's own. */
export function pieces(text: string, marks: readonly TextRange[]): Piece[] {
  const all: Piece[] = [];
  let at = 0;
  for (const { start, end } of marks) {
    all.push({ text: text.slice(at, start), marked: false }, { text: text.slice(start, end), marked: true });
    at = end;
  }
  all.push({ text: text.slice(at), marked: false });
  return all.filter((piece) => piece.text !== '');
}
