import { describe, expect, it } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import { SettingsSearch } from './search.svelte';
import SettingsPage from './SettingsPage.svelte';

async function opened(host: 'window' | 'browser' = 'window') {
  const backend = new ScriptedBackend({ host });
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  const search = new SettingsSearch();
  search.query = 'backup restore';
  render(SettingsPage, { props: { search }, context: siroccoContext(all) });
  const list = await screen.findByRole('list', { name: 'Copies of the database' });
  return { all, backend, list, user: userEvent.setup() };
}

const asked = (backend: ScriptedBackend, command: string) => backend.calls.filter((call) => call.command === command).map((call) => call.request);

describe('copies of the database', () => {
  it('say why they were made, and only those this version can use are offered', async () => {
    const { list } = await opened();
    const [newer, older] = within(list).getAllByRole('listitem') as [HTMLElement, HTMLElement];
    expect(newer.textContent).toContain('Before an upgrade · Sirocco 0.2.0');
    expect(within(newer).getByText('Of a newer version')).toBeTruthy();
    expect(within(newer).queryByRole('button', { name: /^Go back/ })).toBeNull();
    expect(within(older).getByRole('button', { name: /^Go back/ })).toBeTruthy();
  });

  it('are made, gone back to once that is confirmed, and the restart is offered', async () => {
    const { backend, list, user } = await opened();
    await user.click(screen.getByRole('button', { name: 'Make a copy now' }));
    await waitFor(() => expect(within(list).getAllByRole('listitem')).toHaveLength(3));
    const [first] = within(list).getAllByRole('button', { name: /^Go back/ });
    await user.click(first!);
    expect(asked(backend, 'database_copy_plan')).toEqual([]);
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Go back' }));
    expect(await screen.findByText(/^When Sirocco starts next/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Restart now' }));
    expect(asked(backend, 'app_restart')).toHaveLength(1);
    await user.click(screen.getByRole('button', { name: 'Do not go back' }));
    await waitFor(() => expect(screen.queryByText(/^When Sirocco starts next/)).toBeNull());
  });

  it('do not offer a restart where only the person can start Sirocco', async () => {
    const { list, user } = await opened('browser');
    await user.click(within(list).getByRole('button', { name: /^Go back/ }));
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Go back' }));
    expect(await screen.findByText(/^When Sirocco starts next/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Restart now' })).toBeNull();
  });

  it('are deleted once that is confirmed', async () => {
    const { list, user } = await opened();
    const [first] = within(list).getAllByRole('button', { name: /^Delete/ });
    await user.click(first!);
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Delete' }));
    await waitFor(() => expect(within(list).getAllByRole('listitem')).toHaveLength(1));
  });
});
