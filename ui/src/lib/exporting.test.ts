import { afterEach, describe, expect, it, vi } from 'vitest';
import { waitFor } from '@testing-library/svelte';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { copyAsMarkdown, exportConversations } from './exporting';
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
    await exportConversations(all, ['c-2'], 'json');
    expect(all.toasts.items).toMatchObject([{ text: '1 conversation exported', detail: '/home/ada/Regex for ISO dates.json' }]);
    expect(downloads).toEqual([]);
  });

  it('is a download in a browser', async () => {
    const { all, downloads } = await started('browser');
    await exportConversations(all, ['c-2'], 'markdown');
    await exportConversations(all, null, 'json');
    expect(downloads.map(({ name }) => name)).toEqual(['Regex for ISO dates.md', 'Sirocco conversations.zip']);
    expect(await downloads[0]?.blob.text()).toBe('# Regex for ISO dates\n');
    expect(await downloads[1]?.blob.text()).toBe('PK');
  });

  it('says what went wrong, and nothing when the person thought better of it', async () => {
    const { all, backend } = await started('window');
    vi.spyOn(backend, 'call').mockResolvedValueOnce({ type: 'cancelled' } as never);
    await exportConversations(all, ['c-2'], 'json');
    expect(all.toasts.items).toEqual([]);
    vi.restoreAllMocks();
    backend.fail('exchange_export', { message: 'could not save `/a`', hint: null });
    await exportConversations(all, ['c-2'], 'json');
    expect(all.toasts.items).toMatchObject([{ text: 'Could not save `/a`.', tone: 'danger' }]);
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
