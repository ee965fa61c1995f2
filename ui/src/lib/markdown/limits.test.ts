import { describe, expect, it } from 'vitest';
import { hasLongLine, isDense, LONGEST_LINE, PIECE, piecesOf } from './limits';

describe('a text that is too long', () => {
  it('is told by its longest line', () => {
    const line = 'x'.repeat(LONGEST_LINE);
    expect(hasLongLine(`${line}\n${line}`)).toBe(false);
    expect(hasLongLine(`short\n${line}x\nshort`)).toBe(true);
    expect(hasLongLine(`short\n${line}x`)).toBe(true);
  });

  it('loses nothing when it is cut, and no character is cut in two', () => {
    const text = `${'a'.repeat(PIECE - 1)}🚀${'b'.repeat(2 * PIECE)}`;
    const pieces = piecesOf(text);
    expect(pieces.join('')).toBe(text);
    expect(pieces.map((piece) => piece.length)).toEqual([PIECE - 1, PIECE, PIECE, 2]);
    expect(pieces[1]?.startsWith('🚀')).toBe(true);
    expect(piecesOf('')).toEqual([]);
  });
});

describe('a text that takes long to read', () => {
  it('has tags without end, or quotes in each other', () => {
    expect(isDense('<b>'.repeat(501))).toBe(true);
    expect(isDense(`text\n${'> '.repeat(30)}deep`)).toBe(true);
    expect(isDense('>'.repeat(1_000))).toBe(true);
    expect(isDense('<b>'.repeat(500))).toBe(false);
    expect(isDense(`${'> '.repeat(12)}an exchange of mails`)).toBe(false);
    expect(isDense('a >>> b\n'.repeat(100))).toBe(false);
  });
});
