import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from './ChatPage.svelte';
import ConversationColumn from './ConversationColumn.svelte';

async function opened(options: { loaded?: string[]; settings?: object; models?: [] } = {}) {
  const backend = new ScriptedBackend({ loaded: ['m-coder'], ...options });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const onNeedModel = vi.fn();
  const context = siroccoContext(state);
  const page = render(ChatPage, { context, props: { onNeedModel } });
  const field = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
  const write = (text: string) => fireEvent.input(field(), { target: { value: text } });
  const sent = () => backend.calls.filter((call) => call.command === 'message_send');
  return { backend, state, context, page, field, write, sent, onNeedModel };
}

describe('the composer', () => {
  it('Enter sends, creates the conversation and keeps the answer', async () => {
    const { field, write, sent, state } = await opened();
    await write('Hello');
    await fireEvent.keyDown(field(), { key: 'Enter' });
    await waitFor(() => expect(sent()).toHaveLength(1));
    await waitFor(() => expect(screen.getAllByRole('article')).toHaveLength(2));
    expect(state.navigation.conversationId).not.toBeNull();
    expect(field().value).toBe('');
  });

  it('can still stop an answer when the page was left and opened again', async () => {
    const { context, page, field, write } = await opened();
    page.unmount();
    render(ChatPage, { context });
    await write('Hello');
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(await screen.findByRole('button', { name: 'Stop' })).toBeTruthy();
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull());
  });

  it('Shift+Enter and an Enter of an input method send nothing', async () => {
    const { field, write, sent } = await opened();
    await write('Hello');
    await fireEvent.keyDown(field(), { key: 'Enter', shiftKey: true });
    await fireEvent.keyDown(field(), { key: 'Enter', isComposing: true });
    await fireEvent.keyDown(field(), { key: 'Enter', keyCode: 229 });
    expect(sent()).toHaveLength(0);
    expect(field().value).toBe('Hello');
  });

  it('counts the first message of a new chat with what the chat begins with', async () => {
    const { write, backend, state } = await opened({ settings: { default_system_prompt: 'x'.repeat(4096) } });
    await write('Hello, sirocco');
    expect(await screen.findByText('4 tokens')).toBeTruthy();
    const meter = screen.getByRole('meter', { name: 'Context in use' });
    expect(meter.getAttribute('aria-valuetext')).toBe('1,028 of 8,192 tokens in use');
    expect(state.navigation.conversationId).toBeNull();
    const { request } = backend.calls.findLast((call) => call.command === 'context_count_new') ?? {};
    expect(request).toMatchObject({ model_id: 'm-coder', preset: { type: 'standard' }, draft: 'Hello, sirocco' });
  });

  it('estimates where no model is loaded, and says so', async () => {
    const { write } = await opened({ loaded: [] });
    await write('Hello, sirocco');
    expect(await screen.findByText('about 4 tokens')).toBeTruthy();
    expect(screen.queryByRole('meter', { name: 'Context in use' })).toBeNull();
  });

  it('Ctrl+Enter sends where Enter is to break the line', async () => {
    const { field, write, sent } = await opened({ settings: { enter_sends: false } });
    await write('Hello');
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(sent()).toHaveLength(0);
    await fireEvent.keyDown(field(), { key: 'Enter', ctrlKey: true });
    await waitFor(() => expect(sent()).toHaveLength(1));
  });

  it('without any model asks for one and keeps the text', async () => {
    const { field, write, sent, onNeedModel } = await opened({ loaded: [], models: [] });
    await write('Hello');
    await fireEvent.keyDown(field(), { key: 'Enter' });
    await waitFor(() => expect(onNeedModel).toHaveBeenCalledOnce());
    expect(sent()).toHaveLength(0);
    expect(field().value).toBe('Hello');
  });

  it('keeps the text when the backend refuses', async () => {
    const { backend, field, write, state } = await opened();
    backend.fail('message_send', { message: 'the disk is full' });
    await write('Hello');
    await fireEvent.keyDown(field(), { key: 'Enter' });
    await waitFor(() => expect(state.toasts.items).toHaveLength(1));
    expect(field().value).toBe('Hello');
  });

  it('Up in the empty composer edits the last own message', async () => {
    const { state, field } = await opened();
    state.navigation.openConversation(state.conversations.items[0]?.id ?? '');
    await waitFor(() => expect(screen.getAllByRole('article').length).toBeGreaterThan(1));
    await fireEvent.keyDown(field(), { key: 'ArrowUp' });
    const editor = await screen.findByRole('textbox', { name: 'Edit the message' });
    expect(within(editor.parentElement as HTMLElement).getByRole('button', { name: 'Save and answer' })).toBeTruthy();
  });
});

/** A conversation that is open and read, and what ends an answer in it as the backend does. */
async function reading() {
  const all = await opened();
  const { state, backend } = all;
  const row = state.conversations.items.find((one) => !one.unread);
  if (!row) throw new Error('the script has no conversation that was read');
  state.navigation.openConversation(row.id);
  await screen.findAllByRole('article');
  await settled();
  const answered = () => {
    const stored = backend.stored.get(row.id);
    if (stored) stored.conversation.summary.unread = true;
    backend.emit({ type: 'conversation_changed', conversation: { ...row, unread: true } });
  };
  return { ...all, answered, marked: () => state.conversations.row(row.id)?.unread };
}

/** Lets answers of the backend arrive, where nothing is to change. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 50));

describe('a message being edited', () => {
  it('keeps its text while another view or conversation is open', async () => {
    const { state, context, page, field } = await reading();
    const { conversationId } = state.navigation;
    await fireEvent.keyDown(field(), { key: 'ArrowUp' });
    const editor = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'Edit the message' });
    await fireEvent.input(await editor(), { target: { value: 'half a thought' } });
    state.navigation.openConversation(state.conversations.items.find((one) => one.id !== conversationId)?.id ?? '');
    await waitFor(() => expect(screen.queryByRole('textbox', { name: 'Edit the message' })).toBeNull());
    state.navigation.openConversation(conversationId ?? '');
    expect((await editor()).value).toBe('half a thought');
    page.unmount();
    render(ChatPage, { context });
    expect((await editor()).value).toBe('half a thought');
    await fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(screen.queryByRole('textbox', { name: 'Edit the message' })).toBeNull());
  });
});

describe('an answer', () => {
  it('is shown as it was written, and drawn again', async () => {
    await reading();
    const source = screen.getAllByRole('button', { name: 'Show as it was written' }).at(-1) as HTMLElement;
    await fireEvent.click(source);
    expect(screen.getByRole('group', { name: 'Source' }).textContent).toContain('```rust');
    await fireEvent.click(source);
    expect(screen.queryByRole('group', { name: 'Source' })).toBeNull();
  });
});

describe('the list', () => {
  it('keeps no mark of an answer that ended before the reader', async () => {
    const { state, backend } = await opened();
    const row = state.conversations.items.find((one) => one.unread);
    if (!row) throw new Error('the script has no unread conversation');
    const marked = () => state.conversations.row(row.id)?.unread;
    state.navigation.openConversation(row.id);
    await waitFor(() => expect(marked()).toBe(false));
    backend.emit({ type: 'conversation_changed', conversation: { ...row, unread: true } });
    await waitFor(() => expect(marked()).toBe(false));
  });

  it('keeps none either where the chat hears of it before the list', async () => {
    const backend = new ScriptedBackend({ loaded: ['m-coder'] });
    const state = new Sirocco(backend);
    render(ChatPage, { context: siroccoContext(state) });
    state.start();
    await state.reload();
    const row = state.conversations.items.find((one) => !one.unread);
    if (!row) throw new Error('the script has no conversation that was read');
    state.navigation.openConversation(row.id);
    await screen.findAllByRole('article');
    // Opening it marks it as read too.
    await settled();
    backend.emit({ type: 'conversation_changed', conversation: { ...row, unread: true } });
    expect(state.conversations.row(row.id)?.unread).toBe(true);
    await waitFor(() => expect(state.conversations.row(row.id)?.unread).toBe(false));
  });

  it('keeps the mark of an answer that ends while another view is shown, until the chat is seen again', async () => {
    const { state, backend, context, page, marked, answered } = await reading();
    state.navigation.openSettings();
    page.unmount();
    answered();
    await settled();
    expect([marked(), backend.stored.get(state.navigation.conversationId ?? '')?.conversation.summary.unread]).toEqual([true, true]);
    state.navigation.view = 'chat';
    render(ChatPage, { context });
    await waitFor(() => expect(marked()).toBe(false));
  });

  it('keeps it while the window was left, until the reader is back', async () => {
    const { marked, answered } = await reading();
    window.dispatchEvent(new FocusEvent('blur'));
    answered();
    await settled();
    expect(marked()).toBe(true);
    window.dispatchEvent(new FocusEvent('focus'));
    await waitFor(() => expect(marked()).toBe(false));
    answered();
    await waitFor(() => expect(marked()).toBe(false));
  });

  it('takes a key pressed in the window for its reader, where no focus is told', async () => {
    const { field, marked, answered } = await reading();
    window.dispatchEvent(new FocusEvent('blur'));
    answered();
    await settled();
    expect(marked()).toBe(true);
    await fireEvent.keyDown(field(), { key: 'a' });
    await waitFor(() => expect(marked()).toBe(false));
  });

  it('keeps it while the window is hidden, until it is shown', async () => {
    const { marked, answered } = await reading();
    const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    answered();
    await settled();
    expect(marked()).toBe(true);
    visibility.mockReturnValue('visible');
    document.dispatchEvent(new Event('visibilitychange'));
    await waitFor(() => expect(marked()).toBe(false));
  });

  it('takes it away also where the list does not hold the row', async () => {
    const { state, backend, answered } = await reading();
    const id = state.navigation.conversationId ?? '';
    state.conversations.handle({ type: 'conversation_deleted', conversation_id: id });
    window.dispatchEvent(new FocusEvent('blur'));
    answered();
    state.conversations.handle({ type: 'conversation_deleted', conversation_id: id });
    window.dispatchEvent(new FocusEvent('focus'));
    await waitFor(() => expect(backend.stored.get(id)?.conversation.summary.unread).toBe(false));
  });

  it('Delete hides a conversation and Undo brings it back', async () => {
    const { state, context, backend } = await opened();
    render(ConversationColumn, { context });
    const first = state.conversations.items[0];
    const row = await screen.findByRole('button', { name: first?.title ?? '' });
    await fireEvent.keyDown(row, { key: 'Delete' });
    await waitFor(() => expect(backend.stored.has(first?.id ?? '')).toBe(false));
    state.toasts.items[0]?.action?.run();
    await waitFor(() => expect(backend.stored.has(first?.id ?? '')).toBe(true));
  });

  it('exports a conversation from its menu', async () => {
    const { state, context, backend } = await opened();
    render(ConversationColumn, { context });
    const user = userEvent.setup();
    const first = state.conversations.items[0];
    await screen.findByRole('button', { name: first?.title ?? '' });
    await user.click(screen.getAllByRole('button', { name: 'More for this conversation' })[0] as HTMLElement);
    const exportAs = await screen.findByRole('menuitem', { name: 'Export as' });
    exportAs.focus();
    await user.keyboard('{ArrowRight}');
    await user.click(await screen.findByRole('menuitem', { name: 'Web page' }));
    await waitFor(() => expect(backend.calls.at(-1)).toMatchObject({ command: 'exchange_export', request: { scope: { type: 'conversations', ids: [first?.id] }, format: 'html' } }));
  });

  it('a rename that ends by going elsewhere does not take the focus back', async () => {
    const { state, context, backend } = await opened();
    render(ConversationColumn, { context });
    const first = state.conversations.items[0];
    await fireEvent.keyDown(await screen.findByRole('button', { name: first?.title ?? '' }), { key: 'F2' });
    const field = await screen.findByRole<HTMLInputElement>('textbox', { name: 'Title of the conversation' });
    field.value = 'Other';
    const search = screen.getByRole('searchbox');
    search.focus();
    await waitFor(() => expect(backend.stored.get(first?.id ?? '')?.conversation.summary.title).toBe('Other'));
    expect(document.activeElement).toBe(search);
  });

  it('F2 renames in place and Escape leaves the title', async () => {
    const { state, context, backend } = await opened();
    render(ConversationColumn, { context });
    const first = state.conversations.items[0];
    const id = first?.id ?? '';
    await fireEvent.keyDown(await screen.findByRole('button', { name: first?.title ?? '' }), { key: 'F2' });
    const field = await screen.findByRole<HTMLInputElement>('textbox', { name: 'Title of the conversation' });
    field.value = 'Other';
    await fireEvent.keyDown(field, { key: 'Escape' });
    expect(backend.stored.get(id)?.conversation.summary.title).toBe(first?.title);
    await fireEvent.keyDown(await screen.findByRole('button', { name: first?.title ?? '' }), { key: 'F2' });
    const again = await screen.findByRole<HTMLInputElement>('textbox', { name: 'Title of the conversation' });
    again.value = 'Other';
    await fireEvent.keyDown(again, { key: 'Enter' });
    await waitFor(() => expect(backend.stored.get(id)?.conversation.summary.title).toBe('Other'));
  });
});
