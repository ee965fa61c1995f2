import { describe, expect, it } from 'vitest';
import { screen, waitFor, within } from '@testing-library/svelte';
import { asked, opened } from './opened';

async function shown(host: 'window' | 'browser' = 'window') {
  const state = await opened('backup restore', { host });
  const list = await screen.findByRole('list', { name: 'Copies of the database' });
  return { ...state, list };
}

describe('copies of the database', () => {
  it('say why they were made, and only those this version can use are offered', async () => {
    const { list } = await shown();
    const [newer, older] = within(list).getAllByRole('listitem') as [HTMLElement, HTMLElement];
    expect(newer.textContent).toContain('Before an upgrade · Sirocco 0.2.0');
    expect(within(newer).getByText('Of a newer version')).toBeTruthy();
    expect(within(newer).queryByRole('button', { name: /^Go back/ })).toBeNull();
    expect(within(older).getByRole('button', { name: /^Go back/ })).toBeTruthy();
  });

  it('are made, gone back to once that is confirmed, and the restart is offered', async () => {
    const { backend, list, user } = await shown();
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
    const { list, user } = await shown('browser');
    await user.click(within(list).getByRole('button', { name: /^Go back/ }));
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Go back' }));
    expect(await screen.findByText(/^When Sirocco starts next/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Restart now' })).toBeNull();
  });

  it('are deleted once that is confirmed', async () => {
    const { list, user } = await shown();
    const [first] = within(list).getAllByRole('button', { name: /^Delete/ });
    await user.click(first!);
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Delete' }));
    await waitFor(() => expect(within(list).getAllByRole('listitem')).toHaveLength(1));
  });
});
