import { describe, expect, it } from 'vitest';
import { ariaShortcut, matchesShortcut, shortcutText } from './shortcut';

const press = (key: string, modifiers: Partial<KeyboardEventInit> = {}) => new KeyboardEvent('keydown', { key, ...modifiers });

describe('shortcuts', () => {
  it('are Command on macOS and Ctrl elsewhere', () => {
    expect(shortcutText('Mod+L', true)).toBe('⌘L');
    expect(shortcutText('Mod+L', false)).toBe('Ctrl+L');
    expect(ariaShortcut('Mod+L', true)).toBe('Meta+L');
    expect(matchesShortcut(press('l', { metaKey: true }), 'Mod+L', true)).toBe(true);
    expect(matchesShortcut(press('l', { metaKey: true }), 'Mod+L', false)).toBe(false);
  });

  it('do not fire with a modifier too many', () => {
    expect(matchesShortcut(press('n', { ctrlKey: true }), 'Mod+N', false)).toBe(true);
    expect(matchesShortcut(press('N', { ctrlKey: true, shiftKey: true }), 'Mod+N', false)).toBe(false);
    expect(matchesShortcut(press('n', { ctrlKey: true, altKey: true }), 'Mod+N', false)).toBe(false);
  });

  it('take a comma as a key', () => {
    expect(matchesShortcut(press(',', { ctrlKey: true }), 'Mod+,', false)).toBe(true);
  });
});
