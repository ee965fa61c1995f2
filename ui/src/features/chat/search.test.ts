import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { message } from '$/lib/backend/scripted/conversations';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from './ChatPage.svelte';
import ConversationColumn from './ConversationColumn.svelte';
import { sessionOf } from './session';

async function started() {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const context = siroccoContext(state);
  render(ChatPage, { context });
  return { backend, state, context, user: userEvent.setup() };
}

const field = () => screen.getByRole<HTMLInputElement>('searchbox', { name: 'Search titles and messages' });
const results = async () => within(await screen.findByRole('list', { name: 'Search results' })).findAllByRole('button');

describe('the search above the list', () => {
  it('lights the words in titles and messages, and Enter opens the first result', async () => {
    const { state, context, user } = await started();
    render(ConversationColumn, { context });
    await user.type(field(), 'lease con');
    const [first, ...more] = await results();
    expect(more).toHaveLength(0);
    const lit = [...(first as HTMLElement).querySelectorAll('mark')].map((mark) => mark.textContent);
    expect(lit).toEqual(['lease', 'con']);
    await user.keyboard('{Enter}');
    expect(state.conversations.row(state.navigation.conversationId)?.title).toBe('Compare two lease contracts');
  });

  it('opens a conversation at the message and lights it', async () => {
    const { backend, context, user } = await started();
    const stored = backend.stored.get('c-2');
    const old = message('c-2', 'c-2-old', 'user', 'Where does the tramontana blow?', null, 1);
    const first = stored?.messages[0];
    if (!stored || !first) throw new Error('the script has no such conversation');
    stored.messages.unshift(old);
    first.parent_id = old.id;
    render(ConversationColumn, { context });
    await user.type(field(), 'tramont');
    const [result] = await results();
    await user.click(result as HTMLElement);
    const article = (await screen.findByText('Where does the tramontana blow?', { selector: 'article *' })).closest('article');
    await waitFor(() => expect(article?.classList.contains('lit')).toBe(true));
  });

  it('arrow keys go through the results, and Escape returns to the list', async () => {
    const { context, user } = await started();
    render(ConversationColumn, { context });
    await user.type(field(), 'grapheme');
    const all = await results();
    expect(all.length).toBeGreaterThan(2);
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(document.activeElement).toBe(all[0]));
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(document.activeElement).toBe(all[1]));
    await user.keyboard('{Escape}');
    expect(field().value).toBe('');
    expect(document.activeElement).toBe(field());
    expect(await screen.findByRole('list', { name: 'Conversations' })).toBeTruthy();
  });

  it('finds notes, and opens them beside their conversation', async () => {
    const { backend, state, context, user } = await started();
    const stored = backend.stored.get('c-2');
    if (!stored) throw new Error('the script has no such conversation');
    stored.conversation.notes = 'Ask Ada about the ostria';
    render(ConversationColumn, { context });
    await user.type(field(), 'ostria');
    const [result] = await results();
    expect((result as HTMLElement).textContent).toContain('In the notes');
    expect((result as HTMLElement).querySelector('mark')?.textContent).toBe('ostria');
    await user.click(result as HTMLElement);
    expect(state.navigation.conversationId).toBe('c-2');
    expect(sessionOf(state).panel).toBe('notes');
    expect(state.navigation.inspectorAsked).toBe(1);
  });

  it('offers the models that wrote, here or elsewhere, and looks for one among many', async () => {
    const { backend, context, user } = await started();
    const stored = backend.stored.get('c-2');
    if (!stored) throw new Error('the script has no such conversation');
    for (let number = 1; number <= 12; number++) {
      stored.messages.push({ ...message('c-2', `c-2-${number}`, 'assistant', 'An imported bora', null, number), model_name: `gpt-4o-${number}` });
    }
    render(ConversationColumn, { context });
    await user.type(field(), 'bora');
    expect(await results()).toHaveLength(1);
    await user.click(await screen.findByRole('button', { name: 'Model: Any model' }));
    await user.type(await screen.findByRole('searchbox', { name: 'Search models' }), 'GPT 4o-7');
    await user.click(screen.getByRole('button', { name: 'gpt-4o-7' }));
    const asked = () => backend.calls.findLast((call) => call.command === 'message_search')?.request;
    await waitFor(() => expect(asked()).toMatchObject({ model_name: 'gpt-4o-7' }));
    expect(screen.getByRole('button', { name: 'Model: gpt-4o-7' })).toBeTruthy();
  });

  it('asks for two dates where the time is to lie between them', async () => {
    const { backend, context, user } = await started();
    render(ConversationColumn, { context });
    await user.type(field(), 'grapheme');
    await results();
    await user.click(screen.getByRole('button', { name: 'When: Any time' }));
    await user.click(await screen.findByRole('menuitemcheckbox', { name: 'Between…' }));
    await fireEvent.change(await screen.findByLabelText('From'), { target: { value: '2026-03-01' } });
    const asked = () => backend.calls.findLast((call) => call.command === 'message_search')?.request;
    await waitFor(() => expect(asked()).toMatchObject({ from_ms: new Date(2026, 2, 1).getTime(), until_ms: null }));
  });

  it('says that nothing was found, and goes on without the filters', async () => {
    const { context, user } = await started();
    render(ConversationColumn, { context });
    await user.type(field(), 'summary q3');
    expect(await results()).toHaveLength(1);
    await user.click(screen.getByRole('button', { name: 'When: Any time' }));
    await user.click(await screen.findByRole('menuitemcheckbox', { name: 'Last 24 hours' }));
    await user.click(await screen.findByRole('button', { name: 'Search without filters' }));
    expect(await results()).toHaveLength(1);
    await user.clear(field());
    await user.type(field(), 'mistral');
    expect(await screen.findByText('Nothing was found for “mistral”.')).toBeTruthy();
  });
});

describe('finding in the open conversation', () => {
  it('counts, goes to the next message and closes with Escape', async () => {
    const { state, user } = await started();
    state.navigation.openConversation('c-0');
    await screen.findAllByRole('article');
    sessionOf(state).find.start();
    const find = await screen.findByRole<HTMLInputElement>('searchbox', { name: 'Find in this conversation' });
    await waitFor(() => expect(document.activeElement).toBe(find));
    await user.type(find, 'naive version');
    expect(await screen.findByText('2 of 2')).toBeTruthy();
    await user.keyboard('{Enter}');
    expect(await screen.findByText('1 of 2')).toBeTruthy();
    const [question] = screen.getAllByRole('article');
    await waitFor(() => expect(question?.classList.contains('lit')).toBe(true));
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('searchbox', { name: 'Find in this conversation' })).toBeNull();
  });
});
