import { describe, expect, it } from 'vitest';
import { pieces } from './marks';

const bracketed = (text: string, marks: [number, number][]) =>
  pieces(
    text,
    marks.map(([start, end]) => ({ start, end })),
  )
    .map((piece) => (piece.marked ? `[${piece.text}]` : piece.text))
    .join('|');

describe('a text with marks', () => {
  it('comes apart at the marks and loses nothing', () => {
    expect(bracketed('the sky is blue', [[4, 7]])).toBe('the |[sky]| is blue');
    expect(bracketed('👩‍🚀 sky', [[6, 9]])).toBe('👩‍🚀 |[sky]');
    expect(
      bracketed('sky', [
        [0, 1],
        [1, 3],
      ]),
    ).toBe('[s]|[ky]');
    expect(bracketed('sky', [])).toBe('sky');
    expect(bracketed('', [])).toBe('');
  });
});
