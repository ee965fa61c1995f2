/**
 * How much of a text is read and drawn at once. A model, or whoever wrote what it repeats, may send one line of
 * megabytes or a list without end; the window stays alive, and everything can still be shown.
 */

/** A line longer than this is no Markdown that anyone wrote: it is words, not looked at any further. */
export const LONGEST_LINE = 10_000;
/** A block longer than this is shown as the text it is, from its beginning, the rest on demand. */
export const LONGEST_BLOCK = 20_000;
/** So much of such a text is shown, and each time it is gone on with. */
export const PIECE = 10_000;

/** A block with more tags than this was written to be read by nobody, or by a browser: it is shown as the text it is, too. */
const MOST_TAGS = 500;
/** Nobody quotes deeper than this. */
const DEEP_QUOTE = /^(?: {0,3}>){30}/m;

/** Whether Markdown takes long to read for what it says. */
export function isDense(text: string): boolean {
  if (DEEP_QUOTE.test(text)) return true;
  let tags = 0;
  for (let at = text.indexOf('<'); at >= 0 && tags <= MOST_TAGS; at = text.indexOf('<', at + 1)) tags++;
  return tags > MOST_TAGS;
}

/** Whether a text has a line that is too long to be drawn as one. */
export function hasLongLine(text: string): boolean {
  if (text.length <= LONGEST_LINE) return false;
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf('\n', from);
    if ((end < 0 ? text.length : end) - from > LONGEST_LINE) return true;
    if (end < 0) return false;
    from = end + 1;
  }
  return false;
}

/** A text in pieces of about `PIECE` characters; pairs of surrogates stay together. */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + PIECE);
    const last = text.charCodeAt(to - 1);
    if (to < text.length && last >= 0xd800 && last <= 0xdbff) to -= 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
