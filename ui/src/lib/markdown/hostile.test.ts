// @vitest-environment jsdom
// DOMPurify does not hold in happy-dom, so what reaches the page is tested in a DOM that it supports.

import { cleanup, render, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LONGEST_BLOCK, LONGEST_LINE, PIECE } from './limits';
import Markdown from './Markdown.svelte';
import SourceText from './SourceText.svelte';

/** What marked was given, to see that it stays small. */
const lexed = vi.hoisted(() => ({ longest: 0, calls: 0 }));
vi.mock('./inline', async (original) => {
  const inline = await original<typeof import('./inline')>();
  const note = (text: string) => {
    lexed.longest = Math.max(lexed.longest, text.length);
    lexed.calls += 1;
  };
  return {
    ...inline,
    lexBlock: (text: string) => (note(text), inline.lexBlock(text)),
    renderInline: (...given: Parameters<typeof inline.renderInline>) => (note(given[0]), inline.renderInline(...given)),
  };
});

afterEach(cleanup);

const MARK = '<img src=x onerror="window.ran=1">';
const SCRIPT = '<script>window.ran=1</script>';

/** By name, documents that try to run something or to look like something else. */
const DOCUMENTS: Record<string, string> = {
  'script tags in every kind of block': `${SCRIPT}\n\n# ${SCRIPT}\n\n- ${SCRIPT}\n- [ ] ${SCRIPT}\n\n> ${SCRIPT}\n\n| a ${SCRIPT} | b |\n|---|---|\n| ${SCRIPT} | ${MARK} |\n\n[^1]: ${SCRIPT}\n\n${'```'}html\n${SCRIPT}${MARK}\n${'```'}\n\n    ${SCRIPT}\n\n<div>\n${SCRIPT}\n</div>`,
  'event handlers': '<b onclick="window.ran=1" onmouseover="window.ran=1">b</b> <a href="https://a.example" onclick="window.ran=1">a</a> <details open ontoggle="window.ran=1">d</details> <body onload="window.ran=1">',
  'links that run': '[a](javascript:window.ran=1) [b](data:text/html,<script>1</script>) [c](vbscript:x) [d][ref] <javascript:window.ran=1> [e](&#106;avascript:1) [f](java\tscript:1) [g](file:///etc/passwd)\n\n[ref]: javascript:window.ran=1',
  'SVG': '<svg onload="window.ran=1"><script>window.ran=1</script><a xlink:href="javascript:1"><text>x</text></a><foreignObject><iframe src="javascript:1"></iframe></foreignObject><animate onbegin="window.ran=1"/></svg>\n\n![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)',
  'MathML': '<math href="javascript:1"><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;"></mglyph></table></mtext><maction actiontype="statusline#http://x" xlink:href="javascript:1">x</maction></math>',
  'formulas that link and style': '$$\n\\href{javascript:window.ran=1}{x} \\htmlId{app}{y} \\includegraphics{https://a.example/x.png}\n$$\n\n$\\url{javascript:1}$ \\(\\htmlClass{rail}{z}\\)',
  'forms and frames': '<form action="https://a.example"><input name="q" autofocus onfocus="window.ran=1"><button formaction="javascript:1">go</button></form><iframe srcdoc="<script>parent.ran=1</script>"></iframe><object data="x"></object><embed src="x"><base href="https://a.example"><meta http-equiv="refresh" content="0;url=https://a.example"><link rel="stylesheet" href="https://a.example/x.css">',
  'styles and ids of the page': '<style>*{display:none}</style> <b style="position:fixed;inset:0" id="main" class="kit-dialog" role="dialog" data-row="1">x</b>',
  'half a tag at the end': `text <img src=x onerror="window.ran=1`,
};

const ELEMENTS = new Set(
  'A,B,BDI,BLOCKQUOTE,BR,BUTTON,CODE,DEL,DIV,EM,FIGCAPTION,FIGURE,H2,H3,H4,H5,H6,HR,I,INPUT,INS,KBD,LI,MARK,OL,P,PRE,Q,S,SMALL,SPAN,STRONG,SUB,SUP,TABLE,TBODY,TD,TH,THEAD,TR,U,UL'.split(','),
);

/** Everything in the page is ours: plain elements, and the icons of our own buttons. */
function expectHarmless(page: Element): void {
  for (const element of page.querySelectorAll('*')) {
    if (element.closest('svg.lucide-icon, .katex')) continue;
    expect(ELEMENTS.has(element.tagName.toUpperCase()), element.outerHTML.slice(0, 120)).toBe(true);
    if (element.tagName === 'INPUT') expect(element.getAttribute('type')).toBe('checkbox');
    expect(element.id).toBe('');
  }
  for (const element of page.querySelectorAll('*')) {
    // KaTeX writes nodes with styles of its own.
    if (element.closest('.katex')) continue;
    for (const { name, value } of element.attributes) {
      expect(name, element.outerHTML.slice(0, 120)).not.toMatch(/^on|^(?:src|srcdoc|action|formaction|xlink:href|data|style)$/i);
      if (name === 'href') expect(value).toMatch(/^(?:https?:\/\/|mailto:)/);
    }
  }
  expect((window as { ran?: number }).ran).toBeUndefined();
}

describe('hostile output', () => {
  it.each(Object.entries(DOCUMENTS))('%s: nothing runs, whole and while it is written', async (_, source) => {
    const { container, rerender } = render(Markdown, { props: { source } });
    expectHarmless(container);
    for (let length = 1; length < source.length; length += 29) {
      await rerender({ source: source.slice(0, length), streaming: true });
      expectHarmless(container);
    }
  }, 20_000);

  it('as source shows every character of it', () => {
    const { container } = render(SourceText, { props: { source: `${SCRIPT}\u202etxt.exe` } });
    expect(container.querySelector('pre')?.textContent).toBe(`${SCRIPT}⟨U+202E⟩txt.exe`);
    expectHarmless(container);
  });

  it('that turns the reading direction around is straightened in words and shown in code', () => {
    const { container } = render(Markdown, { props: { source: 'pay \u202egpj.exe\u202c\n\n# \u202dtitle\n\n- \u202bitem\n\n```\nif (a\u2066) {\u202e}\n```' } });
    const words = [...container.querySelectorAll('p, h2, li')].map((element) => element.textContent).join(' ');
    expect(words).not.toMatch(/[\u202a-\u202e]/);
    expect(container.querySelector('pre')?.textContent).toBe('if (a⟨U+2066⟩) {⟨U+202E⟩}');
  });
});

/** Waits for the first of what is read in parts. */
async function arrived(container: HTMLElement) {
  await vi.waitFor(() => expect(container.textContent.trim()).not.toBe(''), 10_000);
}

describe('output without end', () => {
  it.each([
    ['in a paragraph', (line: string) => line],
    ['in a list', (line: string) => `- ${line}`],
    ['in code', (line: string) => `\`\`\`\n${line}\n\`\`\``],
    ['of brackets', (line: string) => line.replaceAll('word ', '[[[[[')],
    ['of stars', (line: string) => line.replaceAll('word ', '*_*_*')],
  ])('one line of 10 MB %s is cut into a fold', async (_, document) => {
    lexed.longest = 0;
    const source = document('word '.repeat(2_000_000));
    const { container, getByRole } = render(Markdown, { props: { source } });
    await arrived(container);
    expect(container.textContent?.length).toBeLessThan(2 * PIECE);
    expect(lexed.longest).toBeLessThanOrEqual(LONGEST_BLOCK);
    getByRole('button', { name: 'Show all' }).click();
    await waitFor(() => expect(container.textContent?.length).toBeGreaterThan(3 * PIECE));
    expect(lexed.longest).toBeLessThanOrEqual(LONGEST_BLOCK);
  });

  it('a line that grows past any measure is handed to no reader of Markdown', async () => {
    const { rerender } = render(Markdown, { props: { source: 'word', streaming: true } });
    lexed.longest = 0;
    for (let length = 1_000; length < 4 * LONGEST_LINE; length += 3_000) await rerender({ source: 'word '.repeat(length / 5), streaming: true });
    expect(lexed.longest).toBeLessThanOrEqual(LONGEST_BLOCK);
  });

  it('100,000 list items come in small parts', async () => {
    const source = Array.from({ length: 100_000 }, (_, index) => `- item ${index}`).join('\n');
    lexed.longest = 0;
    const { container } = render(Markdown, { props: { source } });
    await arrived(container);
    expect(container.querySelectorAll('li').length).toBeLessThan(300);
    expect(container.textContent).toContain('item 99999');
    expect(lexed.longest).toBeLessThan(3_000);
  }, 20_000);

  it('past any measure does not come by itself, from its end or from its start', async () => {
    const source = Array.from({ length: 200 }, (_, index) => `paragraph ${index}${' and on'.repeat(1_200)}\n\n`).join('');
    for (const reading of ['end', 'start'] as const) {
      const { container, unmount } = render(Markdown, { props: { source, reading } });
      const paragraphs = () => [...container.querySelectorAll('p[dir]')].map((one) => /paragraph (\d+)/.exec(one.textContent ?? '')?.[1]);
      await arrived(container);
      expect(paragraphs()).toContain(reading === 'end' ? '199' : '0');
      expect(paragraphs().length).toBeLessThan(20);
      const more = await vi.waitFor(() => {
        const button = container.querySelector<HTMLButtonElement>('.show-all');
        if (!button) throw new Error('more comes by itself');
        return button;
      }, 10_000);
      expect(paragraphs()).toHaveLength(128);
      expect(more.textContent).toMatch(/^Show the other [\d.]+ kB$/);
      more.click();
      await vi.waitFor(() => expect(paragraphs()).toHaveLength(200), 10_000);
      unmount();
    }
  }, 30_000);

  it('that is being written comes in small parts, and lets go of its beginning', async () => {
    const paragraph = (index: number) => `paragraph ${index}${' and on'.repeat(1_200)}\n\n`;
    const source = (count: number) => Array.from({ length: count }, (_, index) => paragraph(index)).join('');
    const { container, rerender } = render(Markdown, { props: { source: source(1), streaming: true } });
    const paragraphs = () => [...container.querySelectorAll('p[dir]')].map((one) => /paragraph (\d+)/.exec(one.textContent ?? '')?.[1]);
    expect(paragraphs()).toEqual(['0']);
    await rerender({ source: source(160), streaming: true });
    expect(paragraphs()).toEqual(['0', '1']);
    await vi.waitFor(() => expect(paragraphs().at(-1)).toBe('159'), 10_000);
    expect(paragraphs()).toHaveLength(128);
    // What is large is looked at now and then only, but at once when it is finished.
    await vi.waitFor(async () => {
      await rerender({ source: source(161), streaming: true });
      expect(paragraphs().at(-1)).toBe('160');
    }, 10_000);
    await rerender({ source: source(162), streaming: true });
    expect(paragraphs().at(-1)).toBe('160');
    await rerender({ source: source(162), streaming: false });
    expect(paragraphs().at(-1)).toBe('161');
    expect(paragraphs()).toHaveLength(128);
    expect(container.querySelector('.show-all')?.textContent).toMatch(/^Show the other [\d.]+ kB$/);
  }, 30_000);
});
