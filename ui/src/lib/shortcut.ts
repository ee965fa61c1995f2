/** Keyboard shortcuts as text (`Mod+Alt+Shift+L`), where `Mod` is Command on macOS and Ctrl elsewhere. */

export function onMac(): boolean {
  return typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform || navigator.userAgent);
}

const ARROWS: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→' };
const MAC_NAMES: Record<string, string> = {
  ...ARROWS, Mod: '⌘', Shift: '⇧', Alt: '⌥', Ctrl: '⌃', Enter: '↩', Escape: 'esc', Backspace: '⌫', Space: 'Space',
};
const NAMES: Record<string, string> = { ...ARROWS, Mod: 'Ctrl', Escape: 'Esc' };

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
  return shortcut.replace('Mod', mac ? 'Meta' : 'Control').replace('Ctrl', 'Control');
}

/** Where keys of one sign are on the keyboard, for layouts that have another sign there. */
const PLACES: Record<string, string> = {
  ',': 'Comma', '.': 'Period', '/': 'Slash', ';': 'Semicolon', "'": 'Quote', '[': 'BracketLeft', ']': 'BracketRight',
  '-': 'Minus', '=': 'Equal', '`': 'Backquote', '\\': 'Backslash',
};
const isSign = (key: string) => Object.hasOwn(PLACES, key);

/**
 * Whether the key is this one. A letter is where the layout puts it; on a layout without Latin
 * letters, and for digits, which AZERTY has behind Shift, its place on the keyboard counts. So it does
 * for a sign that is to be pressed with Shift, which makes another sign of it.
 */
function isKey(event: KeyboardEvent, key: string, shifted: boolean): boolean {
  if (/^\d$/.test(key) && event.code.startsWith('Digit')) return event.code === `Digit${key}`;
  if (event.key.toLowerCase() === (key === 'Space' ? ' ' : key.toLowerCase())) return true;
  if (isSign(key) && shifted) return event.code === PLACES[key];
  if (/^[ -~]$/.test(event.key)) return false;
  return event.code === (PLACES[key] ?? `Key${key.toUpperCase()}`);
}

/** Whether a key press is this shortcut, and no larger one. */
export function matchesShortcut(event: KeyboardEvent, shortcut: string, mac = onMac()): boolean {
  const parts = shortcut.split('+');
  const key = parts.at(-1) ?? '';
  const wants = (name: string) => parts.slice(0, -1).includes(name);
  const ctrl = wants('Ctrl') || (wants('Mod') && !mac);
  const meta = wants('Mod') && mac;
  // Many layouts have a slash or a bracket behind Shift or AltGr: the sign counts, however it is made.
  const made = isSign(key) && event.key === key;
  return (
    isKey(event, key, wants('Shift')) &&
    event.ctrlKey === ctrl &&
    event.metaKey === meta &&
    (event.altKey === wants('Alt') || (made && event.getModifierState('AltGraph'))) &&
    (event.shiftKey === wants('Shift') || (made && event.shiftKey))
  );
}

const MODIFIERS = new Set(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Fn', 'Dead', 'Process', 'Unidentified']);

/** A key press as a shortcut; `null` while only modifiers are held, or for keys we cannot name. */
export function shortcutOf(event: KeyboardEvent, mac = onMac()): string | null {
  if (event.isComposing || MODIFIERS.has(event.key) || (event.metaKey && !mac)) return null;
  const key = keyOf(event);
  if (key === null) return null;
  const mod = mac ? event.metaKey : event.ctrlKey;
  const parts = [mod && 'Mod', mac && event.ctrlKey && 'Ctrl', event.altKey && 'Alt', event.shiftKey && 'Shift', key];
  return parts.filter(Boolean).join('+');
}

function keyOf({ key, code }: KeyboardEvent): string | null {
  if (key === ' ') return 'Space';
  if (/^Digit\d$/.test(code)) return code.slice(-1);
  const sign = Object.keys(PLACES).find((one) => PLACES[one] === code);
  if (sign) return sign;
  if (/^[a-z]$/i.test(key)) return key.toUpperCase();
  // Without Latin letters, and where Alt makes another sign of a letter, its place is its name.
  if (/^Key[A-Z]$/.test(code)) return code.slice(-1);
  return key.length > 1 ? key : null;
}

const EDITING = new Set(['Mod+A', 'Mod+C', 'Mod+V', 'Mod+X', 'Mod+Z', 'Mod+Shift+Z', 'Mod+Y', 'Mod+Backspace', 'Mod+Enter']);

/** Why keys cannot be a shortcut: they write text, or edit it everywhere. */
export function refusalOfShortcut(shortcut: string): 'writes' | 'edits' | null {
  if (EDITING.has(shortcut)) return 'edits';
  const parts = shortcut.split('+');
  const key = parts.at(-1) ?? '';
  if (/^F\d{1,2}$/.test(key) || parts.some((part) => part === 'Mod' || part === 'Ctrl' || part === 'Alt')) return null;
  return shortcut === 'Shift+Escape' ? null : 'writes';
}
