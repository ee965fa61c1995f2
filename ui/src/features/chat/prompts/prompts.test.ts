import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from '../ChatPage.svelte';
import { ChatSession } from '../state/session.svelte';
import BuilderDialog from './BuilderDialog.svelte';
import { PromptInsertion } from './insertion.svelte';
import LibraryDialog from './LibraryDialog.svelte';

async function started() {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  return { backend, state, context: siroccoContext(state) };
}

describe('the slash in the composer', () => {
  async function page() {
    const all = await started();
    render(ChatPage, { context: all.context });
    await waitFor(() => expect(all.backend.calls.some((call) => call.command === 'prompt_list')).toBe(true));
    const field = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
    const write = async (text: string) => {
      field().value = text;
      field().setSelectionRange(text.length, text.length);
      await fireEvent.input(field());
    };
    const key = (name: string) => fireEvent.keyDown(field(), { key: name });
    const options = () => screen.queryAllByRole('option').map((one) => one.querySelector('.title')?.textContent);
    return { ...all, field, write, key, options };
  }

  it('opens a list that narrows as one types, and Enter inserts without sending', async () => {
    const { backend, field, write, key, options } = await page();
    await write('/');
    await waitFor(() => expect(options()).toEqual(['Weekly report', 'Step by step', 'Summarise', 'Tell a joke']));
    expect(field().getAttribute('aria-activedescendant')).toBeNull();
    await write('so:\n/tell');
    expect(options()).toEqual(['Tell a joke']);
    expect(field().getAttribute('aria-activedescendant')).toBe(screen.getByRole('option').id);
    await key('Enter');
    await waitFor(() => expect(field().value).toBe('so:\nTell a joke about the wind.'));
    expect(options()).toEqual([]);
    expect(backend.calls.some((call) => call.command === 'message_send')).toBe(false);
  });

  it('is driven by the arrows, round the ends', async () => {
    const { field, write, key } = await page();
    const active = () => screen.getAllByRole('option').findIndex((one) => one.ariaSelected === 'true' || one.getAttribute('aria-selected') === 'true');
    await write('/');
    await waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(4));
    expect(active()).toBe(-1);
    await key('ArrowUp');
    expect(active()).toBe(3);
    await key('ArrowDown');
    await key('ArrowDown');
    expect(active()).toBe(1);
    await key('ArrowUp');
    await key('ArrowUp');
    expect(active()).toBe(3);
    await key('Enter');
    await waitFor(() => expect(field().value).toBe('Tell a joke about the wind.'));
  });

  it('leaves Enter to the message while nothing in it was chosen', async () => {
    const sent = (backend: ScriptedBackend) => backend.calls.filter((call) => call.command === 'message_send').map((call) => call.request);
    for (const text of ['/', '/joke', '/usr is full']) {
      const { backend, write, key } = await page();
      await write('/');
      await waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(4));
      await write(text);
      await key('Enter');
      await waitFor(() => expect(sent(backend)).toMatchObject([{ content: text }]));
      cleanup();
    }
  });

  it('stays out of a line that has a slash somewhere', async () => {
    const { backend, write, key, options } = await page();
    await write('speed in km /s');
    expect(options()).toEqual([]);
    await key('Enter');
    await waitFor(() => expect(backend.calls.some((call) => call.command === 'message_send')).toBe(true));
  });

  it('closes with Escape and stays closed for this slash', async () => {
    const { field, write, key, options } = await page();
    await write('/s');
    await waitFor(() => expect(options()).not.toEqual([]));
    await key('Escape');
    expect(options()).toEqual([]);
    await write('/su');
    expect(options()).toEqual([]);
    expect(field().value).toBe('/su');
    await write('');
    await write('/su');
    expect(options()).not.toEqual([]);
  });

  it('asks for the variables of a prompt first, and leaves what is left empty', async () => {
    const { field, write, key } = await page();
    await write('/summ');
    await waitFor(() => expect(screen.queryByRole('option')).toBeTruthy());
    await key('Enter');
    const dialog = within(await screen.findByRole('dialog', { name: 'Fill in “Summarise”' }));
    await fireEvent.input(dialog.getByRole('textbox', { name: 'reader' }), { target: { value: 'my boss' } });
    await fireEvent.submit(dialog.getByRole('textbox', { name: 'text' }).closest('form') as HTMLFormElement);
    await waitFor(() => expect(field().value).toBe('Summarise the text for my boss.\n\n{{text}}'));
  });

  it('lets Enter send where no prompt fits', async () => {
    const { backend, write, key } = await page();
    await write('/xyz');
    await screen.findByText('No prompt has this in its title.');
    await key('Enter');
    await waitFor(() => expect(backend.calls.some((call) => call.command === 'message_send')).toBe(true));
  });
});

async function dialogs() {
  const all = await started();
  const chat = new ChatSession(all.state);
  chat.start();
  await chat.prompts.load();
  const insertion = new PromptInsertion(chat.prompts, chat.draft);
  const prompts = async () => (await all.backend.call('prompt_list', {})).map((one) => one.title);
  return { ...all, chat, insertion, prompts };
}

describe('the prompt library', () => {
  async function library() {
    const all = await dialogs();
    all.insertion.dialog = 'library';
    render(LibraryDialog, { context: all.context, props: { library: all.chat.prompts, insertion: all.insertion } });
    await screen.findByRole('dialog', { name: 'Prompt library' });
    const press = async (name: string | RegExp) => fireEvent.click(await screen.findByRole('button', { name }));
    const write = async (name: string, value: string) => fireEvent.input(await screen.findByRole('textbox', { name }), { target: { value } });
    const save = async () => fireEvent.submit((await screen.findByRole('textbox', { name: 'Title' })).closest('form') as HTMLFormElement);
    return { ...all, press, write, save };
  }

  it('shows own prompts before those that are built in, and finds words of both', async () => {
    await library();
    expect(screen.getAllByRole('heading', { level: 3 }).map((one) => one.textContent)).toEqual(['Yours', 'Built in']);
    await fireEvent.input(screen.getByRole('searchbox'), { target: { value: 'WIND joke' } });
    expect(screen.getAllByRole('listitem')).toHaveLength(1);
    await fireEvent.input(screen.getByRole('searchbox'), { target: { value: 'nothing of that' } });
    expect(await screen.findByText('No prompt has these words.')).toBeTruthy();
  });

  it('keeps a new prompt', async () => {
    const { press, write, save, prompts } = await library();
    await press('New prompt');
    await write('Title', 'Ask twice');
    await write('Text', 'Ask {{whom}} twice.');
    expect(await screen.findByText('Asks for whom')).toBeTruthy();
    await save();
    await waitFor(async () => expect(await prompts()).toContain('Ask twice'));
    expect(await screen.findByRole('heading', { level: 3, name: 'Ask twice' })).toBeTruthy();
  });

  it('edits an own prompt in place and a built-in one as a copy', async () => {
    const { press, write, save, prompts } = await library();
    await press(/^Weekly report/);
    await press('Edit');
    await write('Title', 'Report');
    await save();
    await waitFor(async () => expect(await prompts()).toContain('Report'));
    expect(await prompts()).not.toContain('Weekly report');
    await press('Back to the list');
    await press(/^Tell a joke/);
    expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
    await press('Edit a copy');
    await write('Title', 'Tell a pun');
    await save();
    await waitFor(async () => expect(await prompts()).toEqual(expect.arrayContaining(['Tell a joke', 'Tell a pun'])));
  });

  it('deletes with a way back', async () => {
    const { press, prompts, state } = await library();
    await press(/^Weekly report/);
    await press('Delete');
    await waitFor(async () => expect(await prompts()).not.toContain('Weekly report'));
    state.toasts.items[0]?.action?.run();
    await waitFor(async () => expect(await prompts()).toContain('Weekly report'));
  });

  it('inserts into the message', async () => {
    const { press, chat, insertion } = await library();
    await press(/^Tell a joke/);
    await press('Insert');
    await waitFor(() => expect(chat.draft.text).toBe('Tell a joke about the wind.'));
    expect(insertion.dialog).toBeNull();
  });
});

describe('the prompt builder', () => {
  async function builder() {
    const all = await dialogs();
    all.insertion.dialog = 'builder';
    render(BuilderDialog, { context: all.context, props: { chat: all.chat, insertion: all.insertion } });
    const dialog = within(await screen.findByRole('dialog', { name: 'Prompt builder' }));
    const write = (name: string, value: string) => fireEvent.input(dialog.getByRole('textbox', { name }), { target: { value } });
    return { ...all, dialog, write };
  }

  it('shows the prompt as it grows, what is missing, and about how long it is', async () => {
    const { dialog, write } = await builder();
    expect(dialog.getByText(/Say what is to be done/)).toBeTruthy();
    expect(dialog.getByRole<HTMLButtonElement>('button', { name: 'Insert' }).disabled).toBe(true);
    await write('Task', 'Write a letter to the city about a bench.');
    await write('Tone', 'Firm');
    expect(dialog.queryByText(/Say what is to be done/)).toBeNull();
    expect(dialog.getByText(/Tone: Firm/).textContent).toBe('Write a letter to the city about a bench.\n\nTone: Firm');
    expect(dialog.getByText(/^about \d+ tokens$/)).toBeTruthy();
  });

  it('says that it estimates where no model is loaded', async () => {
    const { backend, state, dialog, write } = await builder();
    await backend.call('model_eject', { id: 'm-coder' });
    await waitFor(() => expect(state.models.loaded).toEqual([]));
    await write('Task', 'Write');
    expect(dialog.getByText(/an estimate/)).toBeTruthy();
  });

  it('counts exactly where a model is loaded, for a new chat too', async () => {
    const { dialog, write } = await builder();
    await write('Task', 'Write');
    expect(await dialog.findByText('2 tokens')).toBeTruthy();
  });

  it('counts exactly in a conversation', async () => {
    const { chat, backend, dialog, write } = await builder();
    await chat.open([...backend.stored.keys()][0] ?? '');
    await write('Task', 'Write');
    expect(await dialog.findByText('2 tokens')).toBeTruthy();
  });

  it('inserts the prompt, and keeps what was written for the next time', async () => {
    const { chat, dialog, write } = await builder();
    await write('Task', 'Tell a joke.');
    await fireEvent.click(dialog.getByRole('button', { name: 'Insert' }));
    await waitFor(() => expect(chat.draft.text).toBe('Tell a joke.'));
    expect(chat.prompts.building.task).toBe('Tell a joke.');
  });

  it('saves the prompt to the library', async () => {
    const { dialog, write, prompts } = await builder();
    await write('Task', 'Tell a joke.');
    await fireEvent.click(dialog.getByRole('button', { name: 'Save to the library…' }));
    await fireEvent.input(await dialog.findByRole('textbox', { name: 'Title' }), { target: { value: 'Joke' } });
    await fireEvent.submit(dialog.getByRole('textbox', { name: 'Title' }).closest('form') as HTMLFormElement);
    await waitFor(async () => expect(await prompts()).toContain('Joke'));
    expect(await dialog.findByRole('textbox', { name: 'Task' })).toBeTruthy();
  });
});
