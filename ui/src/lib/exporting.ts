/** Conversations as files: through the window's dialog, as a download of the browser, or on the clipboard. */
import type { ComparisonExportFormat, ConversationId, Exported, ExportFormat, ExportScope } from '$/gen/protocol';
import type { Backend } from './backend';
import { copyText } from './markdown/clipboard';
import { printPage } from './printing';
import type { Sirocco } from './state';
import { exchangeStrings as s } from './strings.en';

/** What menus offer: a format, or that of trainers with the answers marked as good only. */
export type ExportChoice = ExportFormat | 'jsonl_good';

/** In the order of the menus: for people, then for programs. */
export const EXPORT_CHOICES: readonly ExportChoice[] = ['markdown', 'html', 'json', 'jsonl', 'jsonl_good'];

/** Exports conversations; tells what came of it. */
export async function exportConversations(state: Sirocco, scope: ExportScope, choice: ExportChoice): Promise<void> {
  const { app, backend, toasts } = state;
  const target = app.status?.host === 'window' ? 'ask' : 'answer';
  const only_good = choice === 'jsonl_good';
  try {
    const exported = await backend.call('exchange_export', { scope, format: only_good ? 'jsonl' : choice, only_good, target });
    const detail = hand(exported);
    if (exported.type !== 'cancelled') toasts.show(told(exported, only_good), { tone: 'success', detail });
  } catch (thrown) {
    toasts.error(thrown);
  }
}

function told(exported: Exclude<Exported, { type: 'cancelled' }>, only_good: boolean): string {
  const done = s.exported(exported.conversation_count);
  const left = exported.type === 'archive' ? 0 : exported.left_out_count;
  if (left === 0) return done;
  return `${done} · ${only_good ? s.withoutGood(left) : s.withoutAnswer(left)}`;
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
export async function copyAsMarkdown({ backend, toasts }: Sirocco, id: ConversationId): Promise<void> {
  try {
    const text = await textOf(backend, id, 'markdown');
    const done = text !== null && (await copyText(text));
    if (done) toasts.show(s.copied, { duration_ms: 2000 });
    else toasts.show(s.copyFailed, { tone: 'danger' });
  } catch (thrown) {
    toasts.error(thrown);
  }
}

/** Opens the print dialog over the shown branch as a page, which saves it as PDF too. */
export async function printConversation({ backend, toasts }: Sirocco, id: ConversationId): Promise<void> {
  try {
    const page = await textOf(backend, id, 'html');
    if (page !== null) await printPage(page, s.print);
  } catch (thrown) {
    toasts.error(thrown);
  }
}

/** One conversation in a format that is a text. */
async function textOf(backend: Backend, id: ConversationId, format: ExportFormat): Promise<string | null> {
  const scope: ExportScope = { type: 'conversations', ids: [id] };
  const exported = await backend.call('exchange_export', { scope, format, only_good: false, target: 'answer' });
  return exported.type === 'text' ? exported.text : null;
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
