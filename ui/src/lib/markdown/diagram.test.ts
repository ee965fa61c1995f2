import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import CodeBlock from './CodeBlock.svelte';
import { isTooLarge, LONGEST_DRAWING_MS } from './diagram';

type Drawn = { svg: string };

/** What mermaid was asked to draw, and how each ends. */
const mermaid = vi.hoisted(() => ({
  asked: [] as { source: string; end: (drawn: Drawn) => void; fail: (why: Error) => void }[],
}));
vi.mock('mermaid', () => ({
  default: {
    initialize: () => undefined,
    mermaidAPI: {
      render: (id: string, source: string) => {
        const place = document.createElement('div');
        place.id = `d${id}`;
        document.body.append(place);
        const drawn = new Promise<Drawn>((end, fail) => mermaid.asked.push({ source, end, fail }));
        return drawn.finally(() => place.remove());
      },
    },
  },
}));

const SVG = '<svg viewBox="0 0 10 20" width="100%"></svg>';
const show = (code: string) => render(CodeBlock, { props: { code, language: 'mermaid' } });
const asked = (count: number) => vi.waitFor(() => expect(mermaid.asked).toHaveLength(count));

beforeEach(() => {
  vi.useFakeTimers();
  mermaid.asked.length = 0;
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe('a diagram', () => {
  it('takes the place of its source, and the next waits for its turn', async () => {
    show('graph LR\n a --> b');
    show('graph LR\n c --> d');
    await asked(1);
    mermaid.asked[0]?.end({ svg: SVG });
    expect((await vi.waitFor(() => screen.getByRole('img'))).getAttribute('width')).toBe('10');
    await asked(2);
    mermaid.asked[1]?.end({ svg: SVG });
    await vi.waitFor(() => expect(screen.getAllByRole('img')).toHaveLength(2));
  });

  it('that fails shows its source and says so, and can be tried again', async () => {
    const { container } = show('graph nonsense');
    await asked(1);
    mermaid.asked[0]?.fail(new Error('Parse error on line 1'));
    await vi.waitFor(() => expect(screen.getByRole('status').textContent).toContain('cannot be drawn'));
    expect(container.querySelector('pre')?.textContent).toBe('graph nonsense');
    screen.getByRole('button', { name: 'Show diagram' }).click();
    await asked(2);
    expect(screen.queryByRole('status')).toBeNull();
    mermaid.asked[1]?.end({ svg: SVG });
    await vi.waitFor(() => screen.getByRole('img'));
  });

  it('that is late shows its source, leaves nothing in the page, and the next is drawn', async () => {
    show('graph LR\n late --> later');
    show('graph LR\n c --> d');
    await asked(1);
    await vi.advanceTimersByTimeAsync(LONGEST_DRAWING_MS);
    await asked(2);
    expect(mermaid.asked[1]?.source).toContain('c --> d');
    mermaid.asked[1]?.end({ svg: SVG });
    await vi.waitFor(() => screen.getByRole('img'));
    expect(screen.getByRole('status').textContent).toContain('took too long');
    // The late one has not let go of its place by itself.
    expect(document.querySelectorAll('[id^="ddiagram-"]')).toHaveLength(0);
    mermaid.asked[0]?.end({ svg: SVG });
    await vi.advanceTimersByTimeAsync(LONGEST_DRAWING_MS);
    expect(screen.getAllByRole('img')).toHaveLength(1);
  });

  it('that is too large is not drawn', async () => {
    const long = `graph LR\n${' a --> b\n'.repeat(500)}`;
    const wide = `graph LR\n a["${'x'.repeat(20_000)}"]`;
    for (const source of [long, wide]) {
      expect(isTooLarge(source)).toBe(true);
      show(source);
      expect(screen.getByRole('status').textContent).toContain('too large');
      expect(screen.queryByRole('button', { name: 'Show diagram' })).toBeNull();
      cleanup();
    }
    expect(isTooLarge(`graph LR\n${' a --> b\n'.repeat(400)}`)).toBe(false);
    await vi.advanceTimersByTimeAsync(LONGEST_DRAWING_MS);
    expect(mermaid.asked).toEqual([]);
  });
});
