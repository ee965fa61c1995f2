import { describe, expect, it } from 'vitest';
import { lineDiff } from './lineDiff';

/** `-` is saved, `+` is now, and a figure in brackets stands for lines that stay. */
function drawn(saved: string, now: string): string[] {
  const marks = { same: ' ', saved: '-', now: '+' };
  return lineDiff(saved, now).map((line) => (line.kind === 'gap' ? `(${line.count})` : `${marks[line.kind]}${line.text}`));
}

describe('the difference of two texts', () => {
  it('is nothing where there is none', () => {
    expect(drawn('a\nb', 'a\nb')).toEqual([]);
  });

  it('shows what changed in its place, and the lines beside it', () => {
    expect(drawn('a\nb\nc\nd\ne', 'a\nb\nC\nd\ne')).toEqual(['(1)', ' b', '-c', '+C', ' d', '(1)']);
    expect(drawn('a\nb', 'a\nx\nb\ny')).toEqual([' a', '+x', ' b', '+y']);
    expect(drawn('a\nb\nc', 'c\na\nb')).toEqual(['+c', ' a', ' b', '-c']);
  });

  it('has all of one text where the other is empty', () => {
    expect(drawn('', 'a\nb')).toEqual(['+a', '+b']);
    expect(drawn('a', '')).toEqual(['-a']);
    expect(drawn('a', 'a\n')).toEqual([' a', '+']);
  });

  it('does not compare texts without end', () => {
    const text = (mark: string) => Array.from({ length: 2_000 }, (_, at) => `${mark} ${at}`).join('\n');
    const lines = lineDiff(`same\n${text('a')}`, `same\n${text('b')}`);
    expect(lines).toHaveLength(4_001);
    expect(lines[1]).toEqual({ kind: 'saved', text: 'a 0' });
    expect(lines[2_001]).toEqual({ kind: 'now', text: 'b 0' });
  });
});
