import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import { SettingsPage, SettingsSearch } from './index';

async function opened(options: ScriptedOptions = {}, prepare: (backend: ScriptedBackend) => void = () => undefined) {
  const backend = new ScriptedBackend({ host: 'window', ...options });
  prepare(backend);
  const state = new Sirocco(backend);
  await state.reload();
  render(SettingsPage, { context: siroccoContext(state), props: { search: new SettingsSearch() } });
  const row = (name: string) => within(document.getElementById(`setting-${name}`) as HTMLElement);
  return { backend, state, row, user: userEvent.setup() };
}

/** Chooses keys for the quick question. */
async function press(keys: KeyboardEventInit) {
  const change = await screen.findByRole('button', { name: 'Change the keys of “Quick question”' });
  await fireEvent.click(change);
  await fireEvent.keyDown(change, keys);
}

const MOD_SHIFT_SPACE = { key: ' ', code: 'Space', ctrlKey: true, shiftKey: true };

describe('the keys of the quick question', () => {
  it('are none until they are chosen, and can be removed', async () => {
    const { backend, user } = await opened();
    expect(backend.settings.quick_ask_keys).toBe('');
    await press(MOD_SHIFT_SPACE);
    await waitFor(() => expect(backend.settings.quick_ask_keys).toBe('Mod+Shift+Space'));
    await user.click(await screen.findByRole('button', { name: 'Remove the keys of “Quick question”' }));
    await waitFor(() => expect(backend.settings.quick_ask_keys).toBe(''));
  });

  it('that another program has are refused with the reason', async () => {
    const { backend } = await opened();
    await screen.findByRole('button', { name: /Change the keys of “Quick/ });
    backend.fail('settings_set', { code: 'invalid_request', message: 'the keys could not be taken', hint: 'choose others' });
    await press(MOD_SHIFT_SPACE);
    await screen.findByText(/The keys could not be taken/);
    expect(backend.settings.quick_ask_keys).toBe('');
  });

  it('that write text are no choice', async () => {
    const { backend } = await opened();
    await press({ key: 'a', code: 'KeyA' });
    await screen.findByText(/A writes text/);
    expect(backend.settings.quick_ask_keys).toBe('');
  });

  it('that do not work since the start say why', async () => {
    const problem = { code: 'invalid_request', message: 'Wayland gives no keys', hint: null, trace_id: '' } as const;
    await opened({ settings: { quick_ask_keys: 'Mod+Shift+Space' } }, (backend) => (backend.quickAsk = { is_possible: true, problem }));
    await screen.findByText(/Wayland gives no keys/);
  });

  it('are for the desktop app only', async () => {
    const { row } = await opened({ host: 'browser' }, (backend) => (backend.quickAsk = { is_possible: false, problem: null }));
    await waitFor(() => row('quick_ask').getByText('Can be changed in the window of the app only'));
  });
});

describe('notifications', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('are switched off', async () => {
    const { backend, row, user } = await opened();
    await user.click(row('notify_answers').getByRole('switch'));
    await waitFor(() => expect(backend.settings.notify_answers).toBe(false));
    expect(row('notify_answers').queryByRole('button')).toBeNull();
  });

  it('in a browser wait for its leave', async () => {
    const asked = vi.fn(async () => 'granted');
    vi.stubGlobal('Notification', { permission: 'default', requestPermission: asked });
    const { row, user } = await opened({ host: 'browser' });
    expect(asked).not.toHaveBeenCalled();
    await user.click(row('notify_answers').getByRole('button', { name: 'Allow in this browser' }));
    expect(asked).toHaveBeenCalledOnce();
    await waitFor(() => expect(row('notify_answers').queryByRole('button')).toBeNull());
  });
});
