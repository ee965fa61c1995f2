import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import { sessionOf } from '../session';
import QuickAsk from './QuickAsk.svelte';

afterEach(() => sessionStorage.clear());

async function opened(options: ScriptedOptions = {}) {
  const backend = new ScriptedBackend({ loaded: ['m-coder'], ...options });
  const state = new Sirocco(backend, { type: 'quick' });
  state.start();
  await state.reload();
  const chat = sessionOf(state);
  render(QuickAsk, { context: siroccoContext(state) });
  await waitFor(() => expect(chat.temporary.shown).toBe(true));
  const called = (command: string) => backend.calls.filter((call) => call.command === command).map((call) => call.request);
  return { backend, state, chat, called, field: screen.getByRole('textbox', { name: 'Message' }), user: userEvent.setup() };
}

async function asked() {
  const all = await opened();
  await all.user.type(all.field, 'Which wind is warm?{Enter}');
  await waitFor(() => expect(all.chat.current.turns).toHaveLength(2));
  await waitFor(() => expect(all.chat.current.liveTurn).toBeNull());
  return { ...all, id: all.chat.current.id ?? '' };
}

describe('a quick question', () => {
  it('is answered in a temporary chat, which no list shows', async () => {
    const { state, id } = await asked();
    expect(screen.getByRole('log', { name: 'Question and answer' }).textContent).toContain('Which wind is warm?');
    expect(screen.getAllByRole('article')).toHaveLength(2);
    expect(state.conversations.row(id)).toBeNull();
  });

  it('becomes a conversation in the main window, and the next one starts anew', async () => {
    const { chat, called, state, id, user } = await asked();
    await user.click(screen.getByRole('button', { name: 'Keep' }));
    await waitFor(() => expect(called('window_show')).toEqual([{ conversation_id: id }]));
    expect(called('temporary_keep')).toEqual([{ id }]);
    expect(called('quick_ask_hide')).toHaveLength(1);
    await waitFor(() => expect(chat.current.id).not.toBe(id));
    expect([chat.temporary.shown, chat.current.turns.length]).toEqual([true, 0]);
    expect(state.conversations.row(id)).not.toBeNull();
    expect(called('conversation_delete')).toEqual([]);
  });

  it('is hidden by Escape and still there afterwards, also while it is being answered', async () => {
    const { called, field, chat } = await asked();
    await fireEvent.keyDown(field, { key: 'Escape' });
    expect(called('quick_ask_hide')).toHaveLength(1);
    expect(chat.current.turns).toHaveLength(2);
    expect(called('run_stop')).toEqual([]);
  });

  it('gives way to another one, which deletes it', async () => {
    const { called, chat, id, user } = await asked();
    await user.keyboard('{Control>}n{/Control}');
    await waitFor(() => expect(called('conversation_delete')).toEqual([{ id }]));
    await waitFor(() => expect([chat.temporary.shown, chat.current.turns.length]).toEqual([true, 0]));
  });

  it('says so if no model can answer', async () => {
    const { state, field, user } = await opened({ models: [], loaded: [] });
    await user.type(field, 'Anybody?{Enter}');
    await waitFor(() => expect(state.toasts.items[0]?.text).toMatch(/^No model can answer/));
  });
});
