import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Opening } from '$/gen/protocol';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import OpeningDialog from './OpeningDialog.svelte';

const MODEL: Opening = { type: 'model', repository: 'o/n' };
const DOWNLOAD: Opening = { type: 'download', repository: 'o/n', commit: null, path: 'sub/m.gguf' };

/** The dialog with what waited before it was there. */
function opened(...openings: Opening[]) {
  const backend = new ScriptedBackend();
  const state = new Sirocco(backend);
  backend.openings.push(...openings);
  render(OpeningDialog, { context: siroccoContext(state) });
  const started = () => backend.calls.filter((call) => call.command === 'download_start').map((call) => call.request);
  return { backend, state, started, user: userEvent.setup() };
}

describe('what the system asks to open', () => {
  it('is a page only after the person agreed', async () => {
    const { state, user } = opened(MODEL);
    await screen.findByRole('dialog', { name: 'Open the page of o/n?' });
    expect(state.navigation.view).toBe('chat');
    await user.click(screen.getByRole('button', { name: 'Open page' }));
    expect([state.navigation.view, state.navigation.repository]).toEqual(['discover', 'o/n']);
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('is a conversation of ours at once', async () => {
    const { state } = opened({ type: 'conversation', conversation_id: 'c-2' });
    await waitFor(() => expect(state.navigation.conversationId).toBe('c-2'));
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('is a download only after the person agreed', async () => {
    const { state, started, user } = opened(DOWNLOAD);
    const dialog = await screen.findByRole('dialog', { name: 'Download m.gguf?' });
    expect(dialog.textContent).toContain('o/n');
    expect(started()).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Download' }));
    await waitFor(() => expect(started()).toEqual([{ repository: 'o/n', commit: null, path: 'sub/m.gguf' }]));
    expect(state.navigation.repository).toBe('o/n');
  });

  it('is nothing when the person thinks better of it, and the next is asked about', async () => {
    const { backend, state, started, user } = opened(DOWNLOAD);
    await screen.findByRole('dialog');
    backend.openings.push(MODEL);
    backend.emit({ type: 'openings_wait' });
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    await screen.findByRole('dialog', { name: 'Open the page of o/n?' });
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect([started(), state.navigation.view]).toEqual([[], 'chat']);
  });

  it('is offered to the library when it is a model file', async () => {
    const path = { handle: 'h', path: '/home/ada/m.gguf', is_folder: false };
    const { state } = opened({ type: 'paths', paths: [path] });
    await waitFor(() => expect(state.imports.paths).toEqual([path]));
  });

  it('is refused with the reason', async () => {
    const { state } = opened({ type: 'refused', message: 'could not open `/x`: it does not exist' });
    await waitFor(() => expect(state.toasts.items[0]?.detail).toBe('Could not open `/x`: it does not exist.'));
  });
});
