import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { NO_PARAMETERS } from '$/lib/layers';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from '../ChatPage.svelte';
import ParametersPanel from '../ParametersPanel.svelte';
import { sessionOf } from '../session';
import { type Json, faultOf, read, violation } from './schema';
import JsonTree from './JsonTree.svelte';
import { MOST_LINES, openAtFirst } from './opening';

const SCHEMA = '{"type": "object", "properties": {"wind": {"enum": ["sirocco"]}}, "required": ["wind"]}';

async function started(schema: string | null, answer: string) {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const stored = backend.stored.get('c-0');
  const message = stored?.messages[1];
  if (!stored || !message) throw new Error('the scripted backend has conversations');
  message.content = answer;
  const parameters = { ...NO_PARAMETERS, structured_output: schema };
  stored.conversation.settings = { preset_id: null, values: { system_prompt: null, parameters } };
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  return { state, stored, context: siroccoContext(state) };
}

describe('a schema', () => {
  it('is an object in JSON, or nothing', () => {
    expect(faultOf('  ')).toBeNull();
    expect(faultOf(SCHEMA)).toBeNull();
    expect(faultOf('[]')).toContain('object');
    expect(faultOf('{')).toContain('Not JSON');
  });

  it('tells where an answer leaves it', async () => {
    expect(await violation(SCHEMA, { wind: 'sirocco' })).toBeNull();
    expect((await violation(SCHEMA, { wind: 'mistral' }))?.place).toBe('/wind');
    expect((await violation(SCHEMA, []))?.place).toBe('/');
  });

  it('is not expected of words', () => {
    expect(read('The sirocco.')).toBeUndefined();
    expect(read('{"wind": ')).toBeUndefined();
    expect(read(' [1]')).toEqual([1]);
  });

  it('is kept only while it can be used', async () => {
    const { state, stored, context } = await started(null, '');
    const chat = sessionOf(state);
    await chat.open('c-0');
    render(ParametersPanel, { props: { chat }, context });
    const field = screen.getByRole('textbox', { name: 'Structured output' });
    await fireEvent.input(field, { target: { value: '{"type":' } });
    expect((await screen.findByRole('status')).textContent).toContain('Not JSON');
    expect(field.getAttribute('aria-invalid')).toBe('true');
    await fireEvent.input(field, { target: { value: SCHEMA } });
    await fireEvent.blur(field);
    const kept = () => stored.conversation.settings.values.parameters.structured_output;
    await waitFor(() => expect(kept()).toBe(SCHEMA));
    await fireEvent.click(await screen.findByRole('button', { name: /Reset Structured output/ }));
    await waitFor(() => expect(kept()).toBeNull());
  });
});

describe('an answer under a schema', () => {
  it('is a tree that says whether it satisfies it, and can be seen as it was written', async () => {
    const { state, context } = await started(SCHEMA, '{"wind": "sirocco", "hours": [1, 2]}');
    render(ChatPage, { context });
    state.navigation.openConversation('c-0');
    const answer = await screen.findByRole('group', { name: 'Structured answer' });
    expect(await within(answer).findByText('Satisfies its schema')).toBeTruthy();
    expect(within(answer).getByText('2 items')).toBeTruthy();
    const [, turn] = screen.getAllByRole('article');
    if (!turn) throw new Error('there is an answer');
    await fireEvent.click(within(turn).getByRole('button', { name: 'Show as it was written' }));
    expect(screen.queryByRole('group', { name: 'Structured answer' })).toBeNull();
  });

  it('that leaves it says where', async () => {
    const { state, context } = await started(SCHEMA, '{"wind": "mistral"}');
    render(ChatPage, { context });
    state.navigation.openConversation('c-0');
    expect(await screen.findByText(/Leaves its schema at \/wind/)).toBeTruthy();
  });

  it('is judged by the one it was written under, not by that of now', async () => {
    const { state, stored, context } = await started(SCHEMA, '{"wind": "mistral"}');
    const run = stored.messages[1]?.run;
    if (!run) throw new Error('there is an answer');
    run.structured_output = SCHEMA.replace('sirocco', 'mistral');
    render(ChatPage, { context });
    state.navigation.openConversation('c-0');
    expect(await screen.findByText('Satisfies its schema')).toBeTruthy();
  });

  it('is not judged if there was none, whatever is asked for now', async () => {
    const { state, stored, context } = await started(SCHEMA, '{"wind": "mistral"}');
    const run = stored.messages[1]?.run;
    if (!run) throw new Error('there is an answer');
    run.structured_output = '';
    render(ChatPage, { context });
    state.navigation.openConversation('c-0');
    await waitFor(() => expect(screen.getAllByRole('article')).toHaveLength(2));
    expect(screen.queryByRole('group', { name: 'Structured answer' })).toBeNull();
  });

  it('in words stays words, and so does JSON without a schema', async () => {
    for (const [schema, text] of [[SCHEMA, 'The sirocco.'], [null, '{"wind": 1}']] as const) {
      const { state, context } = await started(schema, text);
      const { unmount } = render(ChatPage, { context });
      state.navigation.openConversation('c-0');
      await waitFor(() => expect(screen.getAllByRole('article')).toHaveLength(2));
      expect(screen.queryByRole('group', { name: 'Structured answer' })).toBeNull();
      unmount();
    }
  });
});

describe('the tree', () => {
  it('shows the rest of a long list when asked', async () => {
    render(JsonTree, { value: Array.from({ length: 150 }, (_, at) => at) });
    expect(screen.queryByText('149')).toBeNull();
    await fireEvent.click(screen.getByRole('button', { name: 'Show more of 50' }));
    expect(screen.getAllByText('149').length).toBeGreaterThan(0);
  });

  /** Every list holds `wide` others, `deep` levels down: far more than a window can hold. */
  function bush(wide: number, deep: number): Json {
    const below: Json = deep === 0 ? 'leaf' : bush(wide, deep - 1);
    return Array.from({ length: wide }, () => (typeof below === 'object' ? structuredClone(below) : below));
  }

  it('opens the outer levels before the inner ones, and no more than fits', () => {
    const small: Json = { a: [1, 2], b: { c: 'd' } };
    expect(openAtFirst(small).size).toBe(3);
    const rows: Json = { few: [1, 2], many: bush(90, 1) };
    const opened = openAtFirst(rows);
    expect([rows, ...Object.values(rows as object)].every((one) => opened.has(one as Json))).toBe(true);
    // One of the 90 rows with 90 parts each; a second one would be too much.
    expect(opened.size).toBe(4);
  });

  it('draws little of a value that is endless, and what is in it once it is opened', async () => {
    const value = bush(20, 3);
    const { container } = render(JsonTree, { value });
    const lines = () => container.querySelectorAll('summary, .leaf').length;
    expect(lines()).toBeGreaterThan(20);
    expect(lines()).toBeLessThanOrEqual(MOST_LINES);
    const before = lines();
    const closed = [...container.querySelectorAll<HTMLDetailsElement>('details:not([open])')].at(-1);
    if (!closed) throw new Error('some levels stay closed');
    expect(closed.querySelector('ul')).toBeNull();
    const summary = closed.querySelector('summary') as HTMLElement;
    await fireEvent.click(summary);
    expect(closed.open).toBe(true);
    expect(lines()).toBeGreaterThan(before);
    expect(lines()).toBeLessThanOrEqual(before + MOST_LINES);
    await fireEvent.click(summary);
    expect(lines()).toBe(before);
  });

  it('survives lists that are in each other thousands of times', () => {
    const value = JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) as Json;
    const { container } = render(JsonTree, { value });
    expect(container.querySelectorAll('summary').length).toBeLessThanOrEqual(MOST_LINES);
  });

  it('shows a text of megabytes from its beginning', () => {
    const { container } = render(JsonTree, { value: { text: 'wind '.repeat(400_000) } });
    expect(screen.getByRole('button', { name: 'Show all' })).toBeTruthy();
    expect(container.textContent?.length).toBeLessThan(20_000);
  });
});
