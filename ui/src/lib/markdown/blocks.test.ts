import { describe, expect, it } from 'vitest';
import { BlockSplitter, splitBlocks, type Block } from './blocks';

const DOCUMENT = `# Title
Some *text* right under it.

A paragraph with $x_1$ and two
lines of words.
- a list at once
- with **two** items

  and a paragraph inside

  \`\`\`js
  const a = 1;

  const b = 2;
  \`\`\`
- third

1. one

2. two
   \`\`\`py
   print(1)
   \`\`\`
3. three

After the list.
\`\`\`rust
fn main() {

    println!("\`\`\`");
}
\`\`\`
~~~~text
~~~
not the end
~~~~

$$
\\int_0^1 x\\,dx
$$
Then \\[ a+b \\] inline, and

\\[
E = mc^2
\\]

| a | b |
|---|:-:|
| 1 | \`x\` |
| 2 | y |

> quoted
> more

> another

Setext
======

Two
---

---

Text with a note[^1] and [link][ref].

[^1]: The note
  goes on.
[^2]: Another.

[ref]: https://example.org "t"

    indented code

    more of it

<div>
raw
</div>

$$ one line $$

$$
never closed

Last words`;

function keyed(blocks: Block[]) {
  return blocks.map(({ key, kind, text }) => ({ key, kind, text }));
}

describe('a document is split into blocks', () => {
  it('keeps lists, fences, quotes and tables whole', () => {
    const kinds = splitBlocks(DOCUMENT).map((block) => `${block.kind}: ${block.text.split('\n')[0]}`);
    expect(kinds).toEqual([
      'prose: # Title',
      'prose: Some *text* right under it.',
      'prose: A paragraph with $x_1$ and two',
      'prose: - a list at once',
      'prose: After the list.',
      'code: fn main() {',
      'code: ~~~',
      'math: \\int_0^1 x\\,dx',
      'prose: Then \\[ a+b \\] inline, and',
      'math: E = mc^2',
      'prose: | a | b |',
      'prose: > quoted',
      'prose: > another',
      'prose: Setext',
      'prose: Two',
      'prose: ---',
      'prose: Text with a note[^1] and [link][ref].',
      'prose: [^1]: The note',
      'prose: [^2]: Another.',
      'prose: [ref]: https://example.org "t"',
      'prose:     indented code',
      'prose: <div>',
      'math: one line',
      'prose: $$',
      'prose: Last words',
    ]);
  });

  it('gives every prefix the same closed blocks as the whole', () => {
    const whole = keyed(splitBlocks(DOCUMENT));
    for (let length = 0; length <= DOCUMENT.length; length++) {
      const closed = new BlockSplitter().update(DOCUMENT.slice(0, length), false).filter((block) => block.closed);
      expect(keyed(closed), `prefix of ${length}`).toEqual(whole.slice(0, closed.length));
    }
  });

  it('does not care how the text arrives', () => {
    const whole = keyed(splitBlocks(DOCUMENT));
    for (let seed = 1; seed <= 40; seed++) {
      const random = generator(seed);
      const splitter = new BlockSplitter();
      let length = 0;
      while (length < DOCUMENT.length) {
        length = Math.min(DOCUMENT.length, length + 1 + Math.floor(random() * 30));
        splitter.update(DOCUMENT.slice(0, length), false);
      }
      expect(keyed(splitter.update(DOCUMENT, true))).toEqual(whole);
    }
  });

  it('holds for documents nobody would write', () => {
    const parts = ['- a', '1. b', '```', '```js', '~~~', '', '', '  c', '    d', '> e', '$$', '\\[', '\\]', '| a | b |',
      '|---|---|', '# h', '---', '===', 'text', '[^x]: n', '* * *', '<div>', '\tt', '- ```', '   ```'];
    for (let seed = 1; seed <= 300; seed++) {
      const random = generator(seed);
      const lines = Array.from({ length: 14 }, () => parts[Math.floor(random() * parts.length)] ?? '');
      const text = lines.join('\n');
      const whole = keyed(splitBlocks(text));
      const splitter = new BlockSplitter();
      for (let length = 0; length <= text.length; length++) {
        const closed = splitter.update(text.slice(0, length), false).filter((block) => block.closed);
        expect(keyed(closed), JSON.stringify(text.slice(0, length))).toEqual(whole.slice(0, closed.length));
      }
      expect(keyed(splitter.update(text, true))).toEqual(whole);
    }
  });

  it('loses no word of a document', () => {
    const words = (text: string) => text.match(/[a-z0-9]+/gi) ?? [];
    const shown = splitBlocks(DOCUMENT).map((block) => block.text).join('\n');
    const source = DOCUMENT.replace(/^```rust|^~~~~text/gm, '');
    expect(words(shown)).toEqual(words(source));
  });
});

describe('while a document grows', () => {
  it('closed blocks keep their identity', () => {
    const splitter = new BlockSplitter();
    const first = splitter.update('one\n\ntwo\n\nthr', false)[0];
    expect(splitter.update('one\n\ntwo\n\nthree\n\nfour', false)[0]).toBe(first);
  });

  it('a line that may become a marker waits', () => {
    const shown = (text: string) => new BlockSplitter().update(text, false).map((block) => block.text);
    expect(shown('1. one\n\n2')).toEqual(['1. one']);
    expect(shown('text\n-')).toEqual(['text']);
    expect(shown('text\n\n``')).toEqual(['text']);
    expect(shown('text\n\n```ru')).toEqual(['text']);
  });

  it('half a closing fence is not code', () => {
    const blocks = new BlockSplitter().update('```js\nlet a;\n``', false);
    expect(blocks.map((block) => block.text)).toEqual(['let a;']);
  });

  it('a replaced document is read from its beginning', () => {
    const splitter = new BlockSplitter();
    splitter.update('one\n\ntwo\n\n', false);
    expect(keyed(splitter.update('other', true))).toEqual([{ key: 0, kind: 'prose', text: 'other' }]);
  });

  it('cuts endless lists and paragraphs, so that the open block stays small', () => {
    const list = Array.from({ length: 5_000 }, (_, index) => `${index + 1}. item`).join('\n');
    const blocks = splitBlocks(list);
    expect(blocks.length).toBeGreaterThan(30);
    expect(blocks[1]?.continues).toBe(true);
    expect(blocks.map((block) => block.text).join('\n')).toBe(list);
  });
});

/** A small generator of repeatable numbers between 0 and 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
