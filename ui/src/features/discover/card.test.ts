import { describe, expect, it } from 'vitest';
import { CARD } from '$/lib/backend/scripted/hubData';
import { cardMarkdown, hasPictures } from './card';

const place = { url: 'https://hub.example/o/n', commit: 'c0ffee' };
const read = (source: string) => cardMarkdown(source, place);

describe('a model card', () => {
  it('shows HTML as the Markdown it stands for', () => {
    expect(read('<div align="center"><h1>Name</h1></div>')).toBe('# Name');
    expect(read('<p align="center"><a href="https://a.example/x">Blog</a> <b class="x">now</b></p>')).toBe('[Blog](https://a.example/x) <b>now</b>');
    expect(read('one<br/>two<hr>three')).toBe('one  \ntwo\n\n---\n\nthree');
    expect(read('<ul><li>one</li><li>two</li></ul>')).toBe('- one\n- two');
    expect(read('<details><summary>More</summary>hidden</details>')).toBe('**More**\n\nhidden');
  });

  it('makes links of pictures and badges', () => {
    expect(read('<img width=40 src="https://a.example/b.png" alt="A banner">')).toBe('![A banner](https://a.example/b.png)');
    expect(read('[![Paper](https://img.example/p.svg)](https://a.example/paper)')).toBe('[Paper](https://a.example/paper)');
    expect(read('<a href="https://a.example"><img src="https://img.example/p.svg" alt="Chat"/></a>')).toBe('[Chat](https://a.example)');
    expect(hasPictures('text ![A banner](https://a.example/b.png)')).toBe(true);
    expect(hasPictures('no [link](https://a.example)')).toBe(false);
  });

  it('turns tables of HTML into tables of Markdown', () => {
    expect(read('<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>x|y</td></tr></table>')).toBe('| A | B |\n| --- | --- |\n| 1 | x\\|y |');
    expect(read('<table></table>after')).toBe('after');
    expect(read('İİİ<TABLE><tr><td>1</td></tr></TABLE>after')).toBe('İİİ\n\n| 1 |\n| --- |\n\nafter');
  });

  it('drops what is no text, with all it holds', () => {
    expect(read('a<script>alert(1)</script>b<style>p{}</style>c<!-- hidden -->d')).toBe('abcd');
    expect(read('a<script>never closed')).toBe('a');
    expect(read('a<!-- never closed')).toBe('a');
  });

  it('leaves code and foreign words alone', () => {
    const code = '```html\n<div>stays</div>\n[a](b)\n```';
    expect(read(code)).toBe(code);
    expect(read('`<b>` and Vec<T> and <think>')).toBe('`<b>` and Vec<T> and <think>');
  });

  it('leads relative addresses to the files of the commit, and marks within the card nowhere', () => {
    expect(read('[licence](./LICENSE) ![p](assets/p.png)')).toBe(
      '[licence](https://hub.example/o/n/blob/c0ffee/LICENSE) ![p](https://hub.example/o/n/blob/c0ffee/assets/p.png)',
    );
    expect(read('[up](#introduction) [out](https://a.example)')).toBe('up [out](https://a.example)');
  });

  it('lets no tag of the scripted attack through', () => {
    const text = read(CARD);
    expect(text).not.toMatch(/<script|onerror|<img|<div|owned/i);
    expect(text).toContain('# Qwen2.5-Coder-1.5B-Instruct-GGUF');
  });

  it('reads cards made to be slow before the test runs out of time', () => {
    const attacks = ['<a ', '<table>', '[', '![](', '`', '<!--', '<script ', '[![a](', '<img src=', '```\n', '](', '<'];
    for (const attack of attacks) expect(typeof read(attack.repeat(500_000 / attack.length))).toBe('string');
  });
});
