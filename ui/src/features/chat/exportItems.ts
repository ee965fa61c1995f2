/** What the menus of a conversation offer to take it along: entries of the kit's menu. */
import Copy from '@lucide/svelte/icons/copy';
import Download from '@lucide/svelte/icons/download';
import Printer from '@lucide/svelte/icons/printer';
import type { ConversationId, ExportScope } from '$/gen/protocol';
import type { MenuItem } from '$/kit/menu';
import { copyAsMarkdown, EXPORT_CHOICES, exportConversations, printConversation } from '$/lib/exporting';
import type { Sirocco } from '$/lib/state';
import { exchangeStrings as s } from '$/lib/strings.en';

/** Of conversations: one as a file, several as one file. */
export function exportMenu(state: Sirocco, scope: ExportScope) {
  return {
    label: s.exportAs,
    icon: Download,
    items: EXPORT_CHOICES.map(
      (choice): MenuItem => ({
        label: s.formats[choice],
        onSelect: () => void exportConversations(state, scope, choice),
      }),
    ),
  };
}

export function exportItems(state: Sirocco, id: ConversationId) {
  return [
    exportMenu(state, { type: 'conversations', ids: [id] }),
    { label: s.copyAsMarkdown, icon: Copy, onSelect: () => void copyAsMarkdown(state, id) },
    // A menu gives the focus back when it closes, which must not be after the dialog is open.
    { label: s.print, icon: Printer, onSelect: () => void setTimeout(() => void printConversation(state, id), 60) },
  ];
}
