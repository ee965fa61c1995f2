import { describe, expect, it } from 'vitest';
import { MarkdownDocument } from './document';

const list = (items: number) => Array.from({ length: items }, (_, index) => `${index + 1}. item`).join('\n');
const whole = (source: string) => new MarkdownDocument().update(source, true).groups;

describe('a document in groups', () => {
  it('is one group where it is as long as most answers', () => {
    expect(whole('# Title\n\ntext\n\n- a\n- b\n\n```js\n1\n```')).toHaveLength(1);
  });

  it('keeps every group small enough to be drawn in one go, and loses no block', () => {
    const groups = whole(list(100_000));
    expect(Math.max(...groups.map((group) => group.blocks.reduce((lines, block) => lines + block.text.split('\n').length, 0)))).toBeLessThan(360);
    expect(groups.map((group) => group.key)).toEqual(groups.map((_, index) => index));
    expect(groups.flatMap((group) => group.blocks.map((block) => block.text)).join('\n')).toBe(list(100_000));
  });

  it('never makes a full group again while it grows', () => {
    const document = new MarkdownDocument();
    const source = list(2_000);
    const first = document.update(source.slice(0, 9_000), false).groups[0];
    for (let length = 9_500; length <= source.length; length += 500) {
      expect(document.update(source.slice(0, length), false).groups[0]).toBe(first);
    }
    expect(document.update('another', true).groups.map((group) => group.blocks.length)).toEqual([1]);
  });

  it('takes one line of 10 MB as words, whatever they look like', () => {
    for (const start of ['', '- ', '> ', '| ', '```', '$$', '\\[', '[^1]: ', '# ', '---', '[x]: ']) {
      const [group, ...more] = whole(start + 'a b'.repeat(3_500_000));
      expect(more, start).toEqual([]);
      expect(group?.blocks.map((block) => block.kind), start).toEqual(['prose']);
    }
  });
});
