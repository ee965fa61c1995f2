/** Keyboard shortcuts as text (`Mod+Shift+L`), where `Mod` is Command on macOS and Ctrl elsewhere. */

export function onMac(): boolean {
  return typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform || navigator.userAgent);
}

const MAC_NAMES: Record<string, string> = { Mod: '⌘', Shift: '⇧', Alt: '⌥', Ctrl: '⌃', Enter: '↩', Escape: 'esc' };
const NAMES: Record<string, string> = { Mod: 'Ctrl', Escape: 'Esc' };

/** The keys as they are printed on the keyboard, one by one. */
export function shortcutKeys(shortcut: string, mac = onMac()): string[] {
  const names = mac ? MAC_NAMES : NAMES;
  return shortcut.split('+').map((key) => names[key] ?? key);
}

/** `⌘L` or `Ctrl+L`. */
export function shortcutText(shortcut: string, mac = onMac()): string {
  return shortcutKeys(shortcut, mac).join(mac ? '' : '+');
}

/** As `aria-keyshortcuts` wants it. */
export function ariaShortcut(shortcut: string, mac = onMac()): string {
  return shortcut.replace('Mod', mac ? 'Meta' : 'Control');
}

/**
 * Whether the key is this one. A letter is where the layout puts it; on a layout without Latin
 * letters, and for digits, which AZERTY has behind Shift, its place on the keyboard counts.
 */
function isKey(event: KeyboardEvent, key: string): boolean {
  if (/^\d$/.test(key) && event.code.startsWith('Digit')) return event.code === `Digit${key}`;
  if (event.key.toLowerCase() === key.toLowerCase()) return true;
  if (/^[ -~]$/.test(event.key)) return false;
  return event.code === (key === ',' ? 'Comma' : `Key${key.toUpperCase()}`);
}

/** Whether a key press is this shortcut, and no larger one. */
export function matchesShortcut(event: KeyboardEvent, shortcut: string, mac = onMac()): boolean {
  const parts = shortcut.split('+');
  const key = parts.at(-1) ?? '';
  const wants = (name: string) => parts.slice(0, -1).includes(name);
  const ctrl = wants('Ctrl') || (wants('Mod') && !mac);
  const meta = wants('Mod') && mac;
  return (
    isKey(event, key) &&
    event.ctrlKey === ctrl &&
    event.metaKey === meta &&
    event.altKey === wants('Alt') &&
    event.shiftKey === wants('Shift')
  );
}
