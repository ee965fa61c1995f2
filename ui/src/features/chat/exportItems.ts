/** What the menus of a conversation offer to take it along: entries of the kit's menu. */
import Copy from '@lucide/svelte/icons/copy';
import Download from '@lucide/svelte/icons/download';
import type { ConversationId } from '$/gen/protocol';
import { copyAsMarkdown, EXPORT_FORMATS, exportConversations } from '$/lib/exporting';
import type { Sirocco } from '$/lib/state';
import { exchangeStrings as s } from '$/lib/strings.en';

/** Of one conversation, or of several as one file. */
export function exportMenu(state: Sirocco, ids: ConversationId[]) {
  return {
    label: s.exportAs,
    icon: Download,
    items: EXPORT_FORMATS.map((format) => ({
      label: s.formats[format],
      onSelect: () => void exportConversations(state, ids, format),
    })),
  };
}

export function exportItems(state: Sirocco, id: ConversationId) {
  return [
    exportMenu(state, [id]),
    { label: s.copyAsMarkdown, icon: Copy, onSelect: () => void copyAsMarkdown(state, id) },
  ];
}
