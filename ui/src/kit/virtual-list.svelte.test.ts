import { createRawSnippet } from 'svelte';
import { render, screen } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import VirtualList from './VirtualList.svelte';

const row = createRawSnippet<[unknown, number, boolean]>((item, index, tabStop) => ({
  render: () => `<button data-index="${index()}">${item()}</button>`,
  setup: (button) => {
    $effect(() => button.setAttribute('tabindex', tabStop() ? '0' : '-1'));
  },
}));

function listOf(count: number, current: number, onEnd = vi.fn()) {
  const items = Array.from({ length: count }, (_, index) => `row ${index}`);
  render(VirtualList, { props: { items, key: String, rowHeight: 40, label: 'Rows', current, row, onEnd } });
  return onEnd;
}

describe('the virtual list', () => {
  it('draws a screenful of 10,000 rows, and is as high as all of them', () => {
    listOf(10_000, 0);
    expect(screen.getAllByRole('button').length).toBeLessThan(40);
    expect(screen.getByRole('list', { name: 'Rows' }).style.height).toBe('400000px');
  });

  it('is one stop for Tab, also when the current row is out of sight', () => {
    listOf(10_000, 9000);
    const stops = screen.getAllByRole('button').filter((button) => button.getAttribute('tabindex') === '0');
    expect(stops).toHaveLength(1);
  });

  it('asks for more when the end comes into sight, and not before', () => {
    expect(listOf(10_000, 0)).not.toHaveBeenCalled();
    expect(listOf(5, 0)).toHaveBeenCalled();
  });

  it('leaves room for rows of several heights', () => {
    const items = Array.from({ length: 1000 }, (_, index) => `row ${index}`);
    const rowHeight = (item: unknown) => (item === 'row 0' ? 30 : 80);
    render(VirtualList, { props: { items, key: String, rowHeight, label: 'Rows', row } });
    expect(screen.getByRole('list', { name: 'Rows' }).style.height).toBe(`${30 + 999 * 80}px`);
    const rows = screen.getAllByRole('button');
    expect(rows.length).toBeLessThan(40);
    expect(rows[2]?.parentElement?.style.transform).toBe('translateY(110px)');
    expect(rows[0]?.parentElement?.style.height).toBe('30px');
  });
});
