import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import { frameActions } from './actions';
import ShortcutsPage from './ShortcutsPage.svelte';

async function opened() {
  const backend = new ScriptedBackend();
  const state = new Sirocco(backend);
  await state.app.load();
  const deeds = { go: vi.fn(), toggleList: vi.fn(), toggleInspector: vi.fn(), togglePicker: vi.fn(), toggleDownloads: vi.fn(), openPalette: vi.fn() };
  state.actions.add(frameActions(state, deeds));
  render(ShortcutsPage, { context: siroccoContext(state) });
  const user = userEvent.setup();
  const change = async (name: string, keys: string) => {
    await user.click(screen.getByRole('button', { name: `Change the keys of “${name}”` }));
    await user.keyboard(keys);
  };
  return { backend, state, user, change };
}

describe('the shortcuts page', () => {
  it('lists every action of the table', async () => {
    const { state } = await opened();
    for (const action of state.actions.all) expect(screen.getByText(action.label)).toBeTruthy();
    expect(screen.getAllByText('Ctrl').length).toBeGreaterThan(5);
  });

  it('takes the keys that are pressed, and gives them back', async () => {
    const { backend, user, change } = await opened();
    await change('Choose a model', '{Control>}{Shift>}m{/Shift}{/Control}');
    await waitFor(() => expect(backend.settings.shortcuts).toEqual({ picker: 'Mod+Shift+M' }));
    await user.click(screen.getByRole('button', { name: 'Reset the keys of “Choose a model”' }));
    await waitFor(() => expect(backend.settings.shortcuts).toEqual({}));
  });

  it('says whose keys they are, and takes them only when told to', async () => {
    const { backend, user, change } = await opened();
    await change('Choose a model', '{Control>}b{/Control}');
    expect(screen.getByText(/^Ctrl\+B belongs to “Show or hide the list”/)).toBeTruthy();
    expect(backend.settings.shortcuts).toEqual({});
    await user.click(screen.getByRole('button', { name: 'Take it' }));
    await waitFor(() => expect(backend.settings.shortcuts).toEqual({ list: '', picker: 'Mod+B' }));
    await user.click(screen.getByRole('button', { name: 'Reset all' }));
    await waitFor(() => expect(backend.settings.shortcuts).toEqual({}));
  });

  it('refuses keys that write or edit text', async () => {
    const { backend, change } = await opened();
    await change('Choose a model', 'm');
    expect(screen.getByText(/^M writes text/)).toBeTruthy();
    await change('Choose a model', '{Control>}c{/Control}');
    expect(screen.getByText(/^Ctrl\+C edits text/)).toBeTruthy();
    expect(backend.settings.shortcuts).toEqual({});
  });

  it('Escape leaves the keys as they are', async () => {
    const { backend, change } = await opened();
    await change('Choose a model', '{Escape}');
    expect(screen.queryByText('Press the keys, or Esc to cancel')).toBeNull();
    expect(backend.settings.shortcuts).toEqual({});
  });
});
