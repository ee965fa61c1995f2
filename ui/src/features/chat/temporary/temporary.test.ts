import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from '../ChatPage.svelte';
import ConversationColumn from '../ConversationColumn.svelte';
import { sessionOf } from '../session';
import TemporaryDialog from './TemporaryDialog.svelte';

async function begun() {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const context = siroccoContext(state);
  render(ConversationColumn, { context });
  render(ChatPage, { context });
  render(TemporaryDialog, { context });
  const chat = sessionOf(state);
  const listed = state.conversations.items.length;
  await fireEvent.click(await screen.findByRole('button', { name: 'Temporary chat' }));
  await screen.findByText('Temporary');
  const id = chat.current.id ?? '';
  const deleted = () => backend.calls.filter((call) => call.command === 'conversation_delete').map((call) => call.request);
  return { backend, state, chat, id, listed, deleted };
}

async function said() {
  const all = await begun();
  all.chat.draft.change('A secret');
  await all.chat.send();
  await waitFor(() => expect(all.chat.current.liveTurn).toBeNull());
  return all;
}

const question = () => screen.findByRole('dialog', { name: 'Leave the temporary chat?' });
const answer = async (name: string) => fireEvent.click(within(await question()).getByRole('button', { name }));

afterEach(() => sessionStorage.clear());

describe('a temporary chat', () => {
  it('is shown as one, in no list, and with nothing that would take it out of memory', async () => {
    const { state, listed, chat } = await said();
    expect(state.conversations.items).toHaveLength(listed);
    expect(screen.getByRole('button', { name: 'Keep' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Compare models' })).toBeNull();
    expect(chat.temporary.shown).toBe(true);
  });

  it('goes without a question while there is nothing in it', async () => {
    const { state, id, deleted } = await begun();
    state.navigation.openConversation('c-1');
    expect(state.navigation.conversationId).toBe('c-1');
    await waitFor(() => expect(deleted()).toEqual([{ id }]));
    expect(state.toasts.items).toEqual([]);
  });

  it('asks before it goes, and stays if it shall', async () => {
    const { state, id, deleted } = await said();
    state.navigation.openConversation('c-1');
    await answer('Stay');
    expect(state.navigation.conversationId).toBe(id);
    expect(deleted()).toEqual([]);
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('is gone when it is left, and the reader is where they wanted to be', async () => {
    const { state, chat, id, deleted } = await said();
    state.navigation.openConversation('c-1');
    await answer('Leave and delete');
    await waitFor(() => expect(chat.current.id).toBe('c-1'));
    expect(deleted()).toEqual([{ id }]);
    expect(state.navigation.conversationId).toBe('c-1');
  });

  it('is kept on the way out', async () => {
    const { state, backend, id, listed, deleted } = await said();
    state.navigation.newChat();
    await answer('Keep it');
    await waitFor(() => expect(state.navigation.conversationId).toBeNull());
    expect(deleted()).toEqual([]);
    expect(backend.stored.get(id)?.conversation.summary.temporary).toBe(false);
    expect(state.conversations.items).toHaveLength(listed + 1);
  });

  it('becomes a conversation like any other with one click', async () => {
    const { state, chat, id } = await said();
    await fireEvent.click(screen.getByRole('button', { name: 'Keep' }));
    await waitFor(() => expect(chat.temporary.shown).toBe(false));
    expect(state.conversations.row(id)).not.toBeNull();
    state.navigation.newChat();
    expect(chat.temporary.leaving).toBeNull();
  });

  it('takes the files of its draft into memory with it', async () => {
    const { backend, chat, id } = await begun();
    await chat.attachments.addText('a.txt', 'a secret');
    const given = backend.calls.find((call) => call.command === 'attachment_give');
    expect(given?.request).toMatchObject({ conversation_id: id });
    expect(chat.temporary.shown).toBe(true);
  });

  it('that a page left behind is deleted by the next one', async () => {
    const { id } = await said();
    const backend = new ScriptedBackend();
    sessionOf(new Sirocco(backend));
    expect(backend.calls).toContainEqual({ command: 'conversation_delete', request: { id } });
  });
});
