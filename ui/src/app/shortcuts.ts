/** The frame's shortcuts, in one table. A dialog that is open keeps its keys to itself. */
import { matchesShortcut } from '$/lib/shortcut';

export const SHORTCUTS = {
  chat: 'Mod+1',
  discover: 'Mod+2',
  library: 'Mod+3',
  list: 'Mod+B',
  picker: 'Mod+L',
  newChat: 'Mod+N',
  settings: 'Mod+,',
} as const;

export type ShortcutName = keyof typeof SHORTCUTS;

/** Runs the action of a key press, if it is one of ours. */
export function handleShortcut(event: KeyboardEvent, actions: Record<ShortcutName, () => void>): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (document.querySelector('[role="dialog"].kit-dialog')) return;
  for (const [name, shortcut] of Object.entries(SHORTCUTS) as [ShortcutName, string][]) {
    if (!matchesShortcut(event, shortcut)) continue;
    event.preventDefault();
    actions[name]();
    return;
  }
}
