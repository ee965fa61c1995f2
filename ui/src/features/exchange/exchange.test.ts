import { describe, expect, it, vi } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import type { ExchangeReport } from '$/gen/protocol';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import { isExchangeFile } from '$/lib/state/exchange.svelte';
import ExchangeDialog from './ExchangeDialog.svelte';

const picked = (path: string) => ({ handle: path, path, is_folder: false });

async function opened(options: ScriptedOptions = { host: 'window' }) {
  const backend = new ScriptedBackend(options);
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  await waitFor(() => expect(all.conversations.state.type).toBe('ready'));
  render(ExchangeDialog, { context: siroccoContext(all) });
  return { all, backend, user: userEvent.setup() };
}

const imports = (backend: ScriptedBackend) => backend.calls.filter((call) => call.command === 'exchange_import');

describe('importing conversations', () => {
  it('shows what is in a file before anything is imported, then what came of it', async () => {
    const { all, backend, user } = await opened();
    all.exchange.open();
    await user.click(await screen.findByRole('button', { name: 'Choose a file' }));
    const dialog = await screen.findByRole('dialog', { name: 'Import conversations' });
    await within(dialog).findByText('ChatGPT');
    expect(within(dialog).getByText('4 · 3 branches')).toBeTruthy();
    expect(within(dialog).getByText('12 calls and results of tools')).toBeTruthy();
    expect(within(dialog).getByText('Message `b` answers `a`, which is not there.')).toBeTruthy();
    expect(imports(backend)).toHaveLength(0);

    await user.click(within(dialog).getByRole('button', { name: 'Import 2 conversations' }));
    expect(await within(dialog).findByText('2 conversations imported.')).toBeTruthy();
    expect(all.conversations.row('c-tides')?.title).toBe('Tides and moons');
    await user.click(within(dialog).getByRole('button', { name: 'Show them' }));
    expect(all.navigation.conversationId).toBe('c-tides');
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('says that everything is here already and offers nothing to import', async () => {
    const { all, backend } = await opened();
    await all.exchange.read([picked('/a.json')]);
    await all.exchange.import();
    await all.exchange.read([picked('/a.json')]);
    expect(await screen.findByText('2 · 2 here already')).toBeTruthy();
    expect(screen.getByText('Everything in it is here already.')).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Import 0 conversations' }).disabled).toBe(true);
    expect(imports(backend)).toHaveLength(1);
  });

  it('takes what lies in the trash out of it and says so', async () => {
    const { all, backend, user } = await opened();
    await all.exchange.read([picked('/a.json')]);
    await all.exchange.import();
    await backend.call('conversation_delete', { id: 'c-tides' });
    await all.exchange.read([picked('/a.json')]);
    expect(await screen.findByText('2 · 1 here already · 1 in the trash')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Import 1 conversation' }));
    expect(await screen.findByText('1 conversation taken out of the trash, as it was there.')).toBeTruthy();
    expect(screen.queryByText('Nothing new was imported.')).toBeNull();
    expect(all.conversations.row('c-tides')?.title).toBe('Tides and moons');
    await user.click(screen.getByRole('button', { name: 'Show it' }));
    expect(all.navigation.conversationId).toBe('c-tides');
  });

  it('says what is wrong with a file and lets another be chosen', async () => {
    const { all } = await opened();
    await all.exchange.read([picked('/notes.txt')]);
    expect(await screen.findByText(/holds no conversations of a known form/)).toBeTruthy();
    expect(screen.getByText('Exports of ChatGPT can be read.')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Choose a folder' })).toBeTruthy();
  });

  it('takes a typed path where there is no dialog, and says when it is no path', async () => {
    const { all, user } = await opened({ host: 'browser' });
    all.exchange.open();
    const field = await screen.findByRole('textbox', { name: 'File or folder' });
    await user.type(field, 'export.zip');
    await user.click(screen.getByRole('button', { name: 'Look inside' }));
    expect(await screen.findByText(/The path is not absolute/)).toBeTruthy();
    await user.clear(field);
    await user.type(field, '~/export.zip{Enter}');
    const main = await screen.findByRole('button', { name: 'Import 2 conversations' });
    await waitFor(() => expect(document.activeElement).toBe(main));
  });

  it('goes on when the dialog is closed, and tells in a corner when it is done', async () => {
    const { all, backend, user } = await opened();
    await all.exchange.read([picked('/a.json')]);
    let finish: (report: ExchangeReport) => void = () => undefined;
    vi.spyOn(backend, 'call').mockReturnValueOnce(new Promise((resolve) => (finish = resolve as typeof finish)));
    await user.click(await screen.findByRole('button', { name: 'Import 2 conversations' }));
    backend.emit({ type: 'exchange_moved', handle: '/a.json', done_count: 1, total_count: 2 });
    expect(await screen.findByText('Importing · 1 of 2')).toBeTruthy();
    const [close] = screen.getAllByRole('button', { name: 'Close' }).slice(-1);
    await user.click(close as HTMLElement);
    await waitFor(() => expect(all.exchange.shown).toBe(false));
    all.exchange.open();
    expect(all.exchange.stage.type).toBe('importing');
    all.exchange.close();
    finish({ added: ['c-tides'], restored: [], known_count: 1, refused: [] });
    await waitFor(() => expect(all.toasts.items).toMatchObject([{ text: '1 conversation imported.', tone: 'success' }]));
  });
});

describe('several files at once', () => {
  it('are previewed and imported together', async () => {
    const { all, backend } = await opened();
    await all.exchange.read([picked('/a.json'), picked('/b.zip')]);
    expect(all.exchange.stage).toMatchObject({
      type: 'preview',
      preview: { formats: ['chatgpt'], conversation_count: 4, left_out: [{ kind: 'attachments', count: 2 }, { kind: 'tools', count: 24 }] },
    });
    const report = await all.exchange.import();
    expect(report).toMatchObject({ added: ['c-tides', 'c-knives'], known_count: 2 });
    expect(imports(backend)).toHaveLength(2);
  });
});

describe('dropped files', () => {
  it('are exports by their ending, and folders are models', () => {
    expect(isExchangeFile(picked('/a/conversations.JSON'))).toBe(true);
    expect(isExchangeFile(picked('/a/export.zip'))).toBe(true);
    expect(isExchangeFile(picked('/a/model.gguf'))).toBe(false);
    expect(isExchangeFile({ ...picked('/a/x.json'), is_folder: true })).toBe(false);
  });
});
