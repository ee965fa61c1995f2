/** A chat template cut at what is suspicious about it. */
import type { TemplateConcern } from '$/gen/protocol';

export interface TemplatePiece {
  text: string;
  /** Which concern it belongs to; `null` for the rest. */
  concern: number | null;
}

/** The template in pieces. Excerpts that overlap go to the first; those not found word by word have no piece. */
export function templatePieces(template: string, concerns: readonly TemplateConcern[]): TemplatePiece[] {
  const found = concerns
    .map(({ excerpt }, concern) => ({ concern, start: excerpt === '' ? -1 : template.indexOf(excerpt), length: excerpt.length }))
    .filter(({ start }) => start >= 0)
    .sort((a, b) => a.start - b.start);
  const pieces: TemplatePiece[] = [];
  let at = 0;
  for (const { concern, start, length } of found) {
    if (start < at) continue;
    if (start > at) pieces.push({ text: template.slice(at, start), concern: null });
    pieces.push({ text: template.slice(start, start + length), concern });
    at = start + length;
  }
  if (at < template.length) pieces.push({ text: template.slice(at), concern: null });
  return pieces;
}
