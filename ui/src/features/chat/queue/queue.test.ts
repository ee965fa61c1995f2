import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from '../ChatPage.svelte';
import { sessionOf } from '../session';

/** A conversation with an answer that is written until it is let go on. */
async function answering() {
  const backend = new ScriptedBackend({ loaded: ['m-coder'], tick_ms: 1 });
  let letGo = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  // Commands are answered; what an answer takes is waited for.
  backend.pause = (ms) => (ms === backend.tick_ms ? held : Promise.resolve());
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  state.navigation.openConversation('c-0');
  render(ChatPage, { context: siroccoContext(state) });
  await screen.findAllByRole('article');
  const field = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
  const enter = async (text: string) => {
    await fireEvent.input(field(), { target: { value: text } });
    await fireEvent.keyDown(field(), { key: 'Enter' });
    await waitFor(() => expect(field().value).toBe(''));
  };
  await enter('one');
  await screen.findByRole('button', { name: 'Stop' });
  const asked = () => backend.stored.get('c-0')?.messages.filter((one) => one.role === 'user').map((one) => one.content).slice(1);
  const waiting = () => backend.stored.get('c-0')?.conversation.queue.map((one) => one.content);
  return { backend, state, chat: sessionOf(state), field, enter, asked, waiting, letGo, user: userEvent.setup() };
}

const queue = () => screen.getByRole('region', { name: 'Queued messages' });

describe('what is written during an answer', () => {
  it('waits above the composer and is sent when the answer has ended', async () => {
    const { enter, asked, letGo } = await answering();
    await enter('two');
    await enter('three');
    expect(within(queue()).getAllByRole('listitem')).toHaveLength(2);
    expect(within(queue()).getByText('2 messages to send after this answer')).toBeTruthy();
    expect(asked()).toEqual(['one']);
    letGo();
    await waitFor(() => expect(asked()).toEqual(['one', 'two', 'three']));
    await waitFor(() => expect(screen.queryByRole('region', { name: 'Queued messages' })).toBeNull());
  });

  it('is queued by the button beside Stop, and only where there is something', async () => {
    const { field, user, waiting } = await answering();
    expect(screen.queryByRole('button', { name: 'Send after this answer' })).toBeNull();
    await user.type(field(), 'two');
    await user.click(screen.getByRole('button', { name: 'Send after this answer' }));
    await waitFor(() => expect(waiting()).toEqual(['two']));
    expect(screen.getByRole('button', { name: 'Stop' })).toBeTruthy();
  });

  it('goes on while another conversation is shown', async () => {
    const { state, chat, enter, asked, letGo } = await answering();
    await enter('two');
    state.navigation.openConversation('c-1');
    await waitFor(() => expect(chat.current.id).toBe('c-1'));
    letGo();
    await waitFor(() => expect(asked()).toEqual(['one', 'two']));
    expect(chat.current.id).toBe('c-1');
  });

  it('waits after a stop until it is sent on', async () => {
    const { enter, asked, letGo, user, waiting } = await answering();
    await enter('two');
    await user.click(screen.getByRole('button', { name: 'Stop' }));
    letGo();
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull());
    expect(within(queue()).getByText('1 message still to send')).toBeTruthy();
    expect(asked()).toEqual(['one']);
    await user.click(within(queue()).getByRole('button', { name: 'Send now' }));
    await waitFor(() => expect(asked()).toEqual(['one', 'two']));
    expect(waiting()).toEqual([]);
  });
});

describe('a queued message', () => {
  it('is sent earlier, and taken away', async () => {
    const { enter, user, waiting } = await answering();
    await enter('two');
    await enter('three');
    await user.click(within(queue()).getByRole('button', { name: 'Send earlier: three' }));
    await waitFor(() => expect(waiting()).toEqual(['three', 'two']));
    await user.click(within(queue()).getByRole('button', { name: 'Remove from the queue: two' }));
    await waitFor(() => expect(waiting()).toEqual(['three']));
    await waitFor(() => expect(within(queue()).getAllByRole('listitem')).toHaveLength(1));
  });

  it('that was taken away comes back in its place, and the draft stays', async () => {
    const { backend, state, enter, field, user, waiting } = await answering();
    await enter('two');
    await enter('three');
    await fireEvent.input(field(), { target: { value: 'half a' } });
    await waitFor(() => expect(backend.stored.get('c-0')?.conversation.draft).toBe('half a'));
    await user.click(within(queue()).getByRole('button', { name: 'Remove from the queue: two' }));
    await waitFor(() => expect(waiting()).toEqual(['three']));
    await waitFor(() => expect(state.toasts.items.map((toast) => toast.text)).toEqual(['Message removed from the queue']));
    state.toasts.items[0]?.action?.run();
    await waitFor(() => expect(waiting()).toEqual(['two', 'three']));
    expect(field().value).toBe('half a');
    expect(backend.stored.get('c-0')?.conversation.draft).toBe('half a');
  });

  it('goes back into the composer, and what is written there waits in its place', async () => {
    const { enter, field, user, waiting } = await answering();
    await enter('two');
    await enter('three');
    await fireEvent.input(field(), { target: { value: 'half a' } });
    await user.click(within(queue()).getByRole('button', { name: 'Edit the queued message: two' }));
    await waitFor(() => expect(field().value).toBe('two'));
    await waitFor(() => expect(waiting()).toEqual(['half a', 'three']));
    expect(document.activeElement).toBe(field());
  });

  it('is kept as the draft at once, with what is written on the way behind it', async () => {
    const { backend, chat, enter, field } = await answering();
    await enter('two');
    await waitFor(() => expect(chat.current.queue).toHaveLength(1));
    const [message] = chat.current.queue;
    if (!message) throw new Error('one waits');
    const edited = chat.editQueued(message);
    chat.draft.change('and more');
    await edited;
    expect(backend.stored.get('c-0')?.conversation).toMatchObject({ draft: 'two\n\nand more', queue: [] });
    expect(field().value).toBe('two\n\nand more');
  });

  it('keeps its files with it', async () => {
    const { backend, chat, field, user } = await answering();
    await chat.attachments.addText('winds.txt', 'warm');
    await fireEvent.input(field(), { target: { value: 'two' } });
    await fireEvent.keyDown(field(), { key: 'Enter' });
    const edit = await screen.findByRole('button', { name: 'Edit the queued message: two' });
    expect(backend.stored.get('c-0')?.conversation.queue[0]?.attachments.map((one) => one.name)).toEqual(['winds.txt']);
    expect(chat.attachments.items).toEqual([]);
    await user.click(edit);
    await waitFor(() => expect(chat.attachments.items.map((one) => one.name)).toEqual(['winds.txt']));
  });
});
