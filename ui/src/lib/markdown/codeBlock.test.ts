import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import CodeBlock from './CodeBlock.svelte';

beforeEach(() => localStorage.clear());

describe('a code block', () => {
  it('numbers its lines, empty ones too, and the next block does the same', async () => {
    const user = userEvent.setup();
    const { container, unmount } = render(CodeBlock, { props: { code: 'a < b\n\nc', language: '' } });
    const lines = () => [...container.querySelectorAll('.line')].map((line) => line.textContent);
    expect(lines()).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Number the lines' }));
    expect(lines()).toEqual(['a < b', '', 'c']);
    unmount();
    render(CodeBlock, { props: { code: 'd', language: '' } });
    expect(screen.getByRole('button', { name: 'Number the lines' }).getAttribute('aria-pressed')).toBe('true');
  });

  it('numbers lines over the ends of its chunks without a gap', async () => {
    const code = Array.from({ length: 120 }, (_, index) => `line ${index}`).join('\n');
    const { container } = render(CodeBlock, { props: { code, language: '' } });
    await userEvent.setup().click(screen.getByRole('button', { name: 'Number the lines' }));
    expect([...container.querySelectorAll('.line')].map((line) => line.textContent).join('\n')).toBe(code);
  });

  it('wraps its lines when asked to', async () => {
    const { container } = render(CodeBlock, { props: { code: 'a', language: '' } });
    const button = screen.getByRole('button', { name: 'Wrap long lines' });
    await userEvent.setup().click(button);
    expect([button.getAttribute('aria-pressed'), container.querySelector('pre')?.classList.contains('wrap')]).toEqual(['true', true]);
  });
});
