/** Conversations as files: through the window's dialog, as a download of the browser, or on the clipboard. */
import type { ComparisonExportFormat, ConversationId, Exported, ExportFormat } from '$/gen/protocol';
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
    const detail = hand(exported);
    if (exported.type !== 'cancelled') toasts.show(s.exported(exported.conversation_count), { tone: 'success', detail });
  } catch (thrown) {
    toasts.error(thrown);
  }
}

/** Exports what is known of comparisons; tells what came of it. */
export async function exportComparisons({ app, backend, toasts }: Sirocco, format: ComparisonExportFormat, done: string): Promise<void> {
  const target = app.status?.host === 'window' ? 'ask' : 'answer';
  try {
    const exported = await backend.call('comparison_export', { format, target });
    const detail = hand(exported);
    if (exported.type !== 'cancelled') toasts.show(done, { tone: 'success', detail });
  } catch (thrown) {
    toasts.error(thrown);
  }
}

/** Gives a file that is not saved yet to the browser. Answers where it is now. */
function hand(exported: Exported): string | null {
  if (exported.type === 'cancelled') return null;
  if (exported.type === 'saved') return exported.path;
  if (exported.type === 'text') download(exported.name, new Blob([exported.text], { type: exported.media_type }));
  else download(exported.name, new Blob([bytesOf(exported.base64)], { type: 'application/zip' }));
  return exported.name;
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
