import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { LoadedModel, Model } from '$/gen/protocol';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from '../ChatPage.svelte';
import { sessionOf } from '../session';
import { attachPaths } from './attach';
import { base64 } from './base64';
import { DraftAttachments, LONG_PASTE } from './draftAttachments.svelte';

async function page(host: 'window' | 'browser' = 'browser') {
  const backend = new ScriptedBackend({ loaded: ['m-coder'], host });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  render(ChatPage, { context: siroccoContext(state) });
  const field = await screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
  const sent = () => backend.calls.filter((call) => call.command === 'message_send').map((call) => call.request);
  return { backend, state, chat: sessionOf(state), field, sent };
}

const file = (name: string, content = 'wind,from') => new File([content], name);

/** What a paste brings. */
const pasted = (text: string, files: File[] = []) => ({ clipboardData: { getData: () => text, files } });

const dropped = (...files: File[]) => ({ dataTransfer: { files, types: ['Files'] } });

describe('a file', () => {
  it('dropped onto a chat becomes a chip, opens as the text that is sent, and goes with the message', async () => {
    const { sent, field } = await page();
    await fireEvent.drop(window, dropped(file('winds.csv', 'wind,from\nsirocco,south')));
    const chips = await screen.findByRole('list', { name: 'Attached files' });
    await waitFor(() => expect(within(chips).getByText('winds.csv')).toBeTruthy());
    await fireEvent.click(screen.getByRole('button', { name: /^Open winds\.csv/ }));
    const dialog = await screen.findByRole('dialog', { name: 'winds.csv' });
    expect((await within(dialog).findByLabelText('Text of the file')).textContent).toBe('wind,from\nsirocco,south');
    await fireEvent.click(within(dialog).getByRole('button', { name: 'Close' }));

    await fireEvent.input(field, { target: { value: 'Which is warm?' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Send' }));
    await waitFor(() => expect(sent()).toMatchObject([{ content: 'Which is warm?', attachments: ['att-1'] }]));
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Remove winds.csv' })).toBeNull());
    expect(await screen.findByRole('button', { name: /^Open winds\.csv/ })).toBeTruthy();
  });

  it('alone is enough to send', async () => {
    const { sent } = await page();
    const send = screen.getByRole<HTMLButtonElement>('button', { name: 'Send' });
    expect(send.disabled).toBe(true);
    await fireEvent.drop(window, dropped(file('notes.md')));
    await screen.findByRole('button', { name: /^Open notes\.md/ });
    expect(send.disabled).toBe(false);
    await fireEvent.click(send);
    await waitFor(() => expect(sent()).toHaveLength(1));
  });

  it('is taken away again', async () => {
    const { chat } = await page();
    await fireEvent.drop(window, dropped(file('a.txt'), file('b.txt')));
    await fireEvent.click(await screen.findByRole('button', { name: 'Remove a.txt' }));
    expect(chat.attachments.items.map((item) => item.name)).toEqual(['b.txt']);
  });

  it('that cannot be read says so and is no chip', async () => {
    const { state, chat } = await page();
    await fireEvent.drop(window, dropped(file('broken.pdf')));
    await waitFor(() => expect(state.toasts.items.some((one) => /could not read `broken.pdf`/i.test(one.text))).toBe(true));
    expect([chat.attachments.items, chat.attachments.reading]).toEqual([[], []]);
  });

  it('stays with the chat it was given to', async () => {
    const { chat, backend } = await page();
    await fireEvent.drop(window, dropped(file('a.txt')));
    await waitFor(() => expect(chat.attachments.items).toHaveLength(1));
    await chat.open([...backend.stored.keys()][0] ?? '');
    expect(chat.attachments.items).toEqual([]);
    await chat.open(null);
    expect(chat.attachments.items).toHaveLength(1);
  });

  it('stays when others are sent in another chat, or before it came', async () => {
    const backend = new ScriptedBackend();
    const attachments = new DraftAttachments(backend, (thrown) => expect.fail(String(thrown)));
    const names = () => attachments.items.map((item) => item.name);
    attachments.open('c-0');
    await attachments.addText('sent.txt', 'a');
    const { ids } = attachments;
    await attachments.addText('late.txt', 'b');
    attachments.open('c-1');
    await attachments.addText('other.txt', 'c');
    attachments.sent('c-0', ids);
    expect(names()).toEqual(['other.txt']);
    attachments.open('c-0');
    expect(names()).toEqual(['late.txt']);
    await attachments.flush();
    expect(backend.stored.get('c-0')?.conversation.draft_attachments.map((one) => one.name)).toEqual(['late.txt']);
  });

  it('is there again in a page that was loaded anew, and gone once it was sent', async () => {
    const { backend, state, chat } = await page();
    const id = [...backend.stored.keys()][0] ?? '';
    state.navigation.openConversation(id);
    await waitFor(() => expect(chat.current.id).toBe(id));
    await fireEvent.drop(window, dropped(file('a.txt'), file('b.txt')));
    await waitFor(() => expect(chat.attachments.items).toHaveLength(2));
    await fireEvent.click(screen.getByRole('button', { name: 'Remove a.txt' }));
    await chat.attachments.flush();

    const again = new Sirocco(backend);
    const reloaded = sessionOf(again);
    await reloaded.open(id);
    expect(reloaded.attachments.items.map((item) => item.name)).toEqual(['b.txt']);
    await again.reload();
    reloaded.draft.change('What is in it?');
    expect(await reloaded.send()).toBe('sent');
    expect(backend.stored.get(id)?.conversation.draft_attachments).toEqual([]);
  });

  it('is chosen in the dialog of the system, and dropped onto the window, as a handle', async () => {
    const { state, backend, chat } = await page('window');
    await fireEvent.click(screen.getByRole('button', { name: 'Attach files' }));
    await waitFor(() => expect(chat.attachments.items).toHaveLength(1));
    attachPaths(state, [{ handle: 'h', path: 'C:\\Users\\me\\winds.csv', is_folder: false }]);
    await waitFor(() => expect(chat.attachments.items).toHaveLength(2));
    const added = backend.calls.filter((call) => call.command === 'attachment_add').map((call) => call.request);
    expect(added).toEqual([
      { handle: '/picked', conversation_id: null },
      { handle: 'h', conversation_id: null },
    ]);
  });
});

describe('an image', () => {
  it('is a small picture that opens, with what it takes, and goes with the message', async () => {
    const { backend, state, chat, field, sent } = await page();
    const model = backend.models.get('m-coder') as Model;
    backend.models.set(model.id, { ...model, sees_images: true, runtime: 'llamacpp' });
    backend.loaded.set(model.id, { ...(backend.loaded.get(model.id) as LoadedModel), served_by: 'llamacpp' });
    await state.reload();
    await fireEvent.paste(field, pasted('', [file('coast.png')]));
    await fireEvent.click(await screen.findByRole('button', { name: /^Open coast\.png 1024 × 768/ }));
    const dialog = await screen.findByRole('dialog', { name: 'coast.png' });
    const image = await within(dialog).findByRole<HTMLImageElement>('img', { name: 'coast.png' });
    expect(image.src).toBe(`data:image/png;base64,${btoa('wind,from')}`);
    await fireEvent.click(within(dialog).getByRole('button', { name: 'Close' }));
    expect(chat.unseen).toBeNull();
    await fireEvent.click(screen.getByRole('button', { name: 'Send' }));
    await waitFor(() => expect(sent()).toHaveLength(1));
  });

  it('says what it takes where that is counted', async () => {
    const { backend, state, chat, field } = await page();
    const [id] = [...backend.stored].find(([, { conversation }]) => conversation.model_id === 'm-coder') ?? [''];
    state.navigation.openConversation(id);
    await waitFor(() => expect(chat.current.id).toBe(id));
    await fireEvent.paste(field, pasted('', [file('again.png')]));
    expect(await screen.findByRole('button', { name: 'Open again.png 256 tokens' }, { timeout: 5000 })).toBeTruthy();
  });

  it('is not sent to a model that does not see it, which says so before', async () => {
    const { chat, sent } = await page();
    await fireEvent.drop(window, dropped(file('coast.png')));
    const said = await screen.findByText(/sees no images\. Take them away/);
    expect(said.getAttribute('role')).toBe('status');
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(true);
    expect(await chat.send()).toBe('nothing');
    expect(sent()).toEqual([]);
    await fireEvent.click(screen.getByRole('button', { name: 'Remove coast.png' }));
    await waitFor(() => expect(screen.queryByText(/sees no images/)).toBeNull());
  });
});

describe('a paste', () => {
  it('of a long text becomes a file, of a short one stays text', async () => {
    const { field, chat } = await page();
    expect(await fireEvent.paste(field, pasted('x'.repeat(LONG_PASTE)))).toBe(true);
    expect(await fireEvent.paste(field, pasted('é'.repeat(LONG_PASTE + 1)))).toBe(false);
    await waitFor(() => expect(chat.attachments.items).toMatchObject([{ name: 'Pasted text.txt', characters: LONG_PASTE + 1 }]));
  });

  it('of a file is one, unless it is the picture of a text', async () => {
    const { field, chat } = await page();
    await fireEvent.paste(field, pasted('', [file('a.txt')]));
    await waitFor(() => expect(chat.attachments.items).toHaveLength(1));
    expect(await fireEvent.paste(field, pasted('a,b', [file('image.png')]))).toBe(true);
  });
});

describe('bytes as text', () => {
  it('come back as they were, however many', () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 256);
    expect(Uint8Array.from(atob(base64(bytes)), (one) => one.charCodeAt(0))).toEqual(bytes);
  });
});
