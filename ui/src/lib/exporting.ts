/** Conversations as files: through the window's dialog, as a download of the browser, or on the clipboard. */
import type { ConversationId, ExportFormat } from '$/gen/protocol';
import { copyText } from './markdown/clipboard';
import type { Sirocco } from './state';
import { exchangeStrings as s } from './strings.en';

/** In the order of the menus: for people, then for programs. */
export const EXPORT_FORMATS: readonly ExportFormat[] = ['markdown', 'html', 'json', 'jsonl'];

/** Exports conversations, or all for `null`; tells what came of it. */
export async function exportConversations(state: Sirocco, conversation_ids: ConversationId[] | null, format: ExportFormat): Promise<void> {
  const { app, backend, toasts } = state;
  const target = app.status?.host === 'window' ? 'ask' : 'answer';
  try {
    const exported = await backend.call('exchange_export', { conversation_ids, format, target });
    if (exported.type === 'cancelled') return;
    if (exported.type === 'text') download(exported.name, new Blob([exported.text], { type: exported.media_type }));
    if (exported.type === 'archive') download(exported.name, new Blob([bytesOf(exported.base64)], { type: 'application/zip' }));
    toasts.show(s.exported(exported.conversation_count), {
      tone: 'success',
      detail: exported.type === 'saved' ? exported.path : exported.name,
    });
  } catch (thrown) {
    toasts.error(thrown);
  }
}

/** Puts the shown branch on the clipboard. */
export async function copyAsMarkdown({ backend, toasts }: Sirocco, conversation_id: ConversationId): Promise<void> {
  try {
    const exported = await backend.call('exchange_export', { conversation_ids: [conversation_id], format: 'markdown', target: 'answer' });
    const done = exported.type === 'text' && (await copyText(exported.text));
    if (done) toasts.show(s.copied, { duration_ms: 2000 });
    else toasts.show(s.copyFailed, { tone: 'danger' });
  } catch (thrown) {
    toasts.error(thrown);
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function download(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has taken it by the next turn; kept longer it would stay in memory with the page.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
