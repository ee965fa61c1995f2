import { render, screen, waitFor, within } from '@testing-library/svelte';
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
