import { afterEach, describe, expect, it, vi } from 'vitest';
import { waitFor } from '@testing-library/svelte';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { copyAsMarkdown, exportConversations, printConversation } from './exporting';
import { Sirocco } from './state';

async function started(host: 'window' | 'browser') {
  const backend = new ScriptedBackend({ host });
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  const downloads: { name: string; blob: Blob }[] = [];
  let blob = new Blob();
  vi.spyOn(URL, 'createObjectURL').mockImplementation((made) => {
    blob = made as Blob;
    return 'blob:made';
  });
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation(() => {});
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    downloads.push({ name: this.download, blob });
  });
  return { all, backend, downloads };
}

afterEach(() => vi.restoreAllMocks());

describe('exporting', () => {
  it('asks in the window where to save, and tells where it lies', async () => {
    const { all, downloads } = await started('window');
    await exportConversations(all, { type: 'conversations', ids: ['c-2'] }, 'json');
    expect(all.toasts.items).toMatchObject([{ text: '1 conversation exported', detail: '/home/ada/Regex for ISO dates.json' }]);
    expect(downloads).toEqual([]);
  });

  it('is a download in a browser', async () => {
    const { all, downloads } = await started('browser');
    await exportConversations(all, { type: 'conversations', ids: ['c-2'] }, 'markdown');
    await exportConversations(all, { type: 'all' }, 'json');
    expect(downloads.map(({ name }) => name)).toEqual(['Regex for ISO dates.md', 'Sirocco conversations.zip']);
    expect(await downloads[0]?.blob.text()).toBe('# Regex for ISO dates\n');
    expect(await downloads[1]?.blob.text()).toBe('PK');
  });

  it('says what went wrong, and nothing when the person thought better of it', async () => {
    const { all, backend } = await started('window');
    vi.spyOn(backend, 'call').mockResolvedValueOnce({ type: 'cancelled' } as never);
    await exportConversations(all, { type: 'conversations', ids: ['c-2'] }, 'json');
    expect(all.toasts.items).toEqual([]);
    vi.restoreAllMocks();
    backend.fail('exchange_export', { message: 'could not save `/a`', hint: null });
    await exportConversations(all, { type: 'conversations', ids: ['c-2'] }, 'json');
    expect(all.toasts.items).toMatchObject([{ text: 'Could not save `/a`.', tone: 'danger' }]);
  });

  it('takes the good answers only and says how many conversations have none', async () => {
    const { all, backend } = await started('window');
    await exportConversations(all, { type: 'all' }, 'jsonl_good');
    expect(all.toasts.items).toMatchObject([{ text: 'No answer to export is marked as good yet.', tone: 'danger' }]);
    const [answer] = backend.stored.get('c-0')?.messages.filter((one) => one.role === 'assistant') ?? [];
    await backend.call('message_mark_good', { id: answer?.id ?? '', good: true });
    await exportConversations(all, { type: 'all' }, 'jsonl_good');
    const rest = backend.stored.size - 1;
    expect(all.toasts.items.at(-1)).toMatchObject({ text: `1 conversation exported · ${rest} without a good answer left out` });
    expect(backend.calls.at(-1)).toMatchObject({ request: { format: 'jsonl', only_good: true } });
  });

  it('prints the shown branch from a frame in which nothing runs', async () => {
    const { all } = await started('browser');
    const page = Object.assign(new EventTarget(), { print: vi.fn(), focus: vi.fn() });
    vi.spyOn(HTMLIFrameElement.prototype, 'contentWindow', 'get').mockReturnValue(page as unknown as Window & typeof globalThis);
    const printed = printConversation(all, 'c-2');
    const frame = await waitFor(() => {
      const found = document.querySelector('iframe');
      if (!found) throw new Error('there is no frame');
      return found;
    });
    expect(frame.getAttribute('sandbox')).toBe('allow-same-origin allow-modals');
    expect(frame.srcdoc).toContain('Regex for ISO dates');
    frame.dispatchEvent(new Event('load'));
    await printed;
    expect(page.print).toHaveBeenCalledOnce();
    expect(document.querySelector('iframe')).toBe(frame);
    page.dispatchEvent(new Event('afterprint'));
    await waitFor(() => expect(document.querySelector('iframe')).toBeNull());
  });

  it('gives up a page that another one takes the place of', async () => {
    const { all } = await started('browser');
    const first = printConversation(all, 'c-2');
    const frame = () => document.querySelector('iframe');
    await waitFor(() => expect(frame()).toBeTruthy());
    const before = frame();
    void printConversation(all, 'c-1');
    await first;
    await waitFor(() => expect(frame()).not.toBe(before));
    expect(document.querySelectorAll('iframe')).toHaveLength(1);
    frame()?.remove();
  });

  it('copies the shown branch as Markdown', async () => {
    const { all } = await started('window');
    const writeText = vi.fn(async () => {});
    vi.stubGlobal('navigator', { ...navigator, userAgent: '', clipboard: { writeText } });
    await copyAsMarkdown(all, 'c-2');
    vi.unstubAllGlobals();
    expect(writeText).toHaveBeenCalledWith('# Regex for ISO dates\n');
    expect(all.toasts.items).toMatchObject([{ text: 'Copied as Markdown' }]);
  });
});
