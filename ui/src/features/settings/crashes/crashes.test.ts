import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { CRASHES } from '$/lib/backend/scripted/crashes';
import { Sirocco, siroccoContext } from '$/lib/state';
import CrashesPage from './CrashesPage.svelte';

async function opened(options: ScriptedOptions = {}, report: string | null = null) {
  const user = userEvent.setup();
  const backend = new ScriptedBackend({ host: 'window', ...options });
  const state = new Sirocco(backend);
  await state.reload();
  state.navigation.openSettings('crashes', report);
  render(CrashesPage, { context: siroccoContext(state) });
  const asked = (command: string) => backend.calls.filter((call) => call.command === command).map((call) => call.request);
  return { backend, state, user, asked };
}

const WORKER = /^Qwen3-8B-Q4_K_M.gguf stopped while it answered/;

async function entry(name: RegExp) {
  const title = await screen.findByText(name);
  const item = title.closest('li') as HTMLElement;
  return { title, item: within(item) };
}

describe('the crash reports', () => {
  it('say what broke, and that nothing is sent', async () => {
    await opened();
    await screen.findByText('Sirocco was not closed');
    expect(screen.getByText('Error in sirocco-desktop')).toBeTruthy();
    expect(screen.getByText(/never sent/)).toBeTruthy();
    expect(screen.getByText('/home/ada/.local/share/sirocco/crashes')).toBeTruthy();
  });

  it('show their text when they are opened, to copy and to find in its folder', async () => {
    const { asked, user } = await opened();
    expect(asked('crash_read')).toEqual([]);
    const { title, item } = await entry(WORKER);
    await user.click(title);
    await item.findByText(/"deed":"answering"/);
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    await user.click(item.getByRole('button', { name: 'Copy' }));
    expect(write.mock.calls[0]?.[0]).toContain('Sirocco 0.1.0 on Debian');
    await user.click(item.getByRole('button', { name: 'Show in folder' }));
    expect(asked('crash_reveal')).toEqual([{ id: 'crash-2' }]);
  });

  it('in a browser have no folder to show', async () => {
    const { user } = await opened({ host: 'browser' });
    const { title, item } = await entry(WORKER);
    await user.click(title);
    await item.findByText(/"deed":"answering"/);
    expect(item.queryByRole('button', { name: 'Show in folder' })).toBeNull();
  });

  it('are deleted one by one, or all after a question', async () => {
    const { user } = await opened();
    const { title, item } = await entry(WORKER);
    await user.click(title);
    await user.click(await item.findByRole('button', { name: 'Delete' }));
    await waitFor(() => expect(screen.queryByText(WORKER)).toBeNull());
    expect(document.activeElement?.textContent).toBe('Crash reports');
    await user.click(screen.getByRole('button', { name: 'Delete all' }));
    const dialog = await screen.findByRole('dialog', { name: 'Delete all crash reports?' });
    await user.click(within(dialog).getByRole('button', { name: 'Delete all' }));
    await screen.findByText('No crash is on record');
  });

  it('come as they happen', async () => {
    const { backend } = await opened({ crashes: [] });
    await screen.findByText('No crash is on record');
    backend.emit({ type: 'crashes_changed', crashes: CRASHES });
    await screen.findByText(WORKER);
  });

  it('that cannot be read say so, and can be asked for again', async () => {
    const user = userEvent.setup();
    const backend = new ScriptedBackend();
    backend.fail('crash_list', { message: 'the disk is gone' });
    render(CrashesPage, { context: siroccoContext(new Sirocco(backend)) });
    await screen.findByText('The disk is gone.');
    backend.succeed('crash_list');
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText(WORKER);
  });

  it('open at the one that a notice leads to', async () => {
    const { state } = await opened({}, 'crash-2');
    await screen.findByText(/"deed":"answering"/);
    await waitFor(() => expect(document.activeElement?.textContent).toContain('stopped while it answered'));
    expect(state.navigation.settingsRow).toBeNull();
  });
});
