import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import { Arena, seedOf } from './arena.svelte';
import Columns from './Columns.svelte';
import ComparePage from './ComparePage.svelte';

async function opened(options: ScriptedOptions = {}) {
  const backend = new ScriptedBackend(options);
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  state.navigation.openComparison('columns', null);
  const view = render(ComparePage, { props: { place: 'columns' }, context: siroccoContext(state) });
  const user = userEvent.setup();
  const ask = async (words = 'Why is the sky blue?') => {
    await user.type(screen.getByRole('textbox', { name: 'Question to all' }), words);
    await user.click(screen.getByRole('button', { name: 'Ask all' }));
    await screen.findByRole('group', { name: 'Which answer is better?' });
  };
  const calls = (command: string) => backend.calls.filter((call) => call.command === command).map((call) => call.request);
  const columns = () => screen.getAllByRole('article');
  return { backend, state, user, view, ask, calls, columns };
}

describe('answers side by side', () => {
  it('come from the two models used last, with their figures and their memory', async () => {
    const { ask, calls, columns, state } = await opened();
    await ask();
    const [first, second] = columns();
    const names = state.models.models.filter((model) => model.verdict.type === 'runs').map((model) => model.name);
    expect(within(first as HTMLElement).getByRole('heading', { name: names[0] as string })).toBeTruthy();
    expect(within(second as HTMLElement).getByRole('heading', { name: names[1] as string })).toBeTruthy();
    await waitFor(() => expect(within(first as HTMLElement).getByText('1.2 GiB of memory')).toBeTruthy());
    expect(within(first as HTMLElement).getByText('19.2 tok/s')).toBeTruthy();
    expect(calls('comparison_start')).toHaveLength(1);
    expect(state.navigation.conversationId).not.toBeNull();
  });

  it('keep one to go on from', async () => {
    const { ask, calls, columns, user } = await opened();
    await ask();
    const [, second] = columns();
    await user.click(within(second as HTMLElement).getByRole('button', { name: 'Go on from this one' }));
    await waitFor(() => expect(within(second as HTMLElement).getByText('Kept')).toBeTruthy());
    expect(calls('comparison_keep')).toHaveLength(1);
  });

  it('take a third one, and refuse two that are the same', async () => {
    const { user } = await opened();
    await user.type(screen.getByRole('textbox', { name: 'Question to all' }), 'Why?');
    const send = screen.getByRole<HTMLButtonElement>('button', { name: 'Ask all' });
    expect(send.disabled).toBe(false);
    await user.click(screen.getByRole('button', { name: 'Add a model' }));
    expect(await screen.findByRole('button', { name: 'Remove model C' })).toBeTruthy();
    await user.type(screen.getByRole('textbox', { name: 'Seed' }), 'x');
    expect(send.disabled).toBe(true);
    expect(screen.getByText('A whole number from 0 to 4,294,967,295')).toBeTruthy();
  });

  it('say which models answer without the images of the conversation', async () => {
    const { backend, state } = await opened();
    const first = state.models.models.find((model) => model.verdict.type === 'runs');
    const row = state.conversations.items[0];
    const message = backend.stored.get(row?.id ?? '')?.messages[0];
    if (!first || !row || !message) throw new Error('the script has no model or no conversation');
    const notice = () => screen.queryByText(/Answering without the images/)?.textContent;
    expect(notice()).toBeUndefined();
    message.attachments = [{ id: 'a1', name: 'map.png', kind: 'image', bytes: 9, characters: 0, token_estimate: 0, problem: null } as never];
    state.navigation.openComparison('columns', row.id);
    await waitFor(() => expect(notice()).toContain(first.name));
  });

  it('cannot be asked of one model twice in the same way', async () => {
    const only = [...new ScriptedBackend().models.values()].find((model) => model.verdict.type === 'runs');
    const { user } = await opened({ models: only ? [only] : [] });
    expect(screen.getByText(/There is one model only/)).toBeTruthy();
    await user.type(screen.getByRole('textbox', { name: 'Question to all' }), 'Why?');
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Ask all' }).disabled).toBe(true);
  });

  it('are those of the conversation that is opened again', async () => {
    const { ask, state } = await opened();
    await ask();
    const id = state.navigation.conversationId;
    state.navigation.openComparison('columns', null);
    await waitFor(() => expect(screen.queryByText('Why is the sky blue?')).toBeNull());
    state.navigation.openComparison('columns', id);
    expect(await screen.findByText('Why is the sky blue?')).toBeTruthy();
  });

  it('say why they cannot be asked for and keep the question', async () => {
    const { backend, state, user } = await opened();
    backend.fail('comparison_start', { code: 'conflict', message: 'an answer is being written in this conversation' });
    const field = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Question to all' });
    await user.type(field, 'Why?');
    await user.click(screen.getByRole('button', { name: 'Ask all' }));
    await waitFor(() => expect(state.toasts.items).toHaveLength(1));
    expect(field.value).toBe('Why?');
  });
});

describe('a blind comparison', () => {
  it('shows no name and no figure before the vote, and all of them after it', async () => {
    const { ask, calls, columns, user, state } = await opened();
    await user.click(screen.getByRole('switch', { name: 'Blind' }));
    await ask();
    for (const [place, letter] of ['A', 'B'].entries()) {
      const column = columns()[place] as HTMLElement;
      expect(within(column).getByRole('heading', { name: `Answer ${letter}` })).toBeTruthy();
      expect(within(column).queryByText(/tok\/s/)).toBeNull();
      expect(within(column).queryByRole('button', { name: 'Go on from this one' })).toBeNull();
    }
    await user.click(screen.getByRole('button', { name: 'Right' }));
    const name = state.models.models.filter((model) => model.verdict.type === 'runs')[1]?.name as string;
    expect(await screen.findByText(`You voted for ${name}.`)).toBeTruthy();
    expect(within(columns()[1] as HTMLElement).getByText('Best')).toBeTruthy();
    expect(screen.getByText('Seed 1234567890')).toBeTruthy();
    expect(calls('comparison_vote')).toHaveLength(1);
  });

  it.each([
    ['Tie', 'You voted for a tie.'],
    ['Both bad', 'You voted for none of them.'],
  ])('takes “%s” for a vote', async (button, said) => {
    const { ask, user } = await opened();
    await ask();
    await user.click(screen.getByRole('button', { name: button }));
    expect(await screen.findByText(said)).toBeTruthy();
  });
});

describe('in a narrow window', () => {
  it('the answers are tabs, which the arrow keys turn', async () => {
    const backend = new ScriptedBackend();
    const state = new Sirocco(backend);
    await state.reload();
    const arena = new Arena(state);
    arena.question = 'Why?';
    await arena.ask(null);
    await waitFor(() => expect(arena.running).toBe(false));
    render(Columns, { props: { arena, narrow: true }, context: siroccoContext(state) });
    const user = userEvent.setup();
    const tabs = screen.getAllByRole('tab');
    expect(tabs.map((tab) => tab.getAttribute('aria-selected'))).toEqual(['true', 'false']);
    tabs[0]?.focus();
    await user.keyboard('{ArrowRight}');
    expect(document.activeElement).toBe(tabs[1]);
    expect(screen.getByRole('tabpanel', { name: tabs[1]?.textContent ?? '' })).toBeTruthy();
    await user.keyboard('{ArrowRight}');
    expect(tabs[0]?.getAttribute('aria-selected')).toBe('true');
  });
});

describe('the ratings', () => {
  it('are a table of the votes, which can be exported', async () => {
    const { ask, calls, columns, user, view, state } = await opened({ host: 'window' });
    await ask();
    const best = within(columns()[0] as HTMLElement).getByRole('heading', { level: 2 }).textContent as string;
    await user.click(screen.getByRole('button', { name: 'Left' }));
    await screen.findByText(/You voted for/);
    await view.rerender({ place: 'ratings' });
    const rows = await screen.findAllByRole('row');
    expect(rows).toHaveLength(3);
    expect(within(rows[1] as HTMLElement).getByRole('rowheader', { name: best })).toBeTruthy();
    expect(within(rows[1] as HTMLElement).getByText('1,060')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Export' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Ratings as CSV' }));
    await waitFor(() => expect(calls('comparison_export')).toEqual([{ format: 'ratings_csv', target: 'ask' }]));
    await waitFor(() => expect(state.toasts.items.at(-1)?.text).toBe('The comparisons are exported'));
  });

  it('give those who are equal the same rank', async () => {
    const { ask, user, view } = await opened();
    await ask();
    await user.click(screen.getByRole('button', { name: 'Tie' }));
    await screen.findByText('You voted for a tie.');
    await view.rerender({ place: 'ratings' });
    const [, ...rows] = await screen.findAllByRole('row');
    expect(rows.map((row) => within(row).getAllByRole('cell')[0]?.textContent)).toEqual(['1', '1']);
  });

  it('teach the way when there are none', async () => {
    const { user, view, state } = await opened();
    await view.rerender({ place: 'ratings' });
    await user.click(await screen.findByRole('button', { name: 'Compare models' }));
    expect(state.navigation.comparing).toBe('columns');
  });
});

describe('a seed', () => {
  it('is a whole number of 32 bits, or nothing', () => {
    expect(seedOf(' ')).toBeNull();
    expect(seedOf(' 42 ')).toBe(42);
    expect(seedOf('4294967295')).toBe(4_294_967_295);
    for (const text of ['4294967296', '-1', '1.5', 'x', '99999999999']) expect(seedOf(text)).toBe('invalid');
  });
});
