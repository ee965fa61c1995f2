import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import LeaveDialog from './LeaveDialog.svelte';

beforeEach(() => {
  vi.spyOn(window, 'open').mockReturnValue(null);
  const words = document.createElement('div');
  words.className = 'markdown';
  words.innerHTML = '<a href="https://evil.example/login" target="_blank">bank.example</a><a href="mailto:a@b.example">write</a>';
  document.body.append(words);
  render(LeaveDialog, { context: siroccoContext(new Sirocco(new ScriptedBackend())) });
});
afterEach(() => document.querySelector('.markdown')?.remove());

/** Clicks a link and answers whether the page was left to follow it. */
function clicked(text: string): boolean {
  let left = false;
  const last = (event: Event) => {
    left = !event.defaultPrevented;
    // No test goes there.
    event.preventDefault();
  };
  window.addEventListener('click', last, { once: true });
  screen.getByText(text).dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
  return left;
}

describe('a link in an answer', () => {
  it('opens only when its real address was seen', async () => {
    const user = userEvent.setup();
    expect(clicked('bank.example')).toBe(false);
    const dialog = await screen.findByRole('dialog', { name: 'Open this link?' });
    expect(dialog.textContent).toContain('https://evil.example/login');
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(window.open).not.toHaveBeenCalled();
    clicked('bank.example');
    await user.click(await screen.findByRole('button', { name: 'Open' }));
    expect(window.open).toHaveBeenCalledExactlyOnceWith('https://evil.example/login', '_blank', 'noopener,noreferrer');
    expect(clicked('bank.example')).toBe(false);
  });

  it('is followed at once where its host was allowed', async () => {
    const user = userEvent.setup();
    clicked('bank.example');
    await user.click(await screen.findByRole('checkbox', { name: 'Do not ask again for evil.example while Sirocco runs' }));
    await user.click(screen.getByRole('button', { name: 'Open' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(clicked('bank.example')).toBe(true);
    expect(clicked('write')).toBe(false);
  });
});
