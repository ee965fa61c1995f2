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

  it('work on layouts without Latin letters', () => {
    expect(matchesShortcut(press('д', { code: 'KeyL', ctrlKey: true }), 'Mod+L', false)).toBe(true);
    expect(matchesShortcut(press('б', { code: 'Comma', ctrlKey: true }), 'Mod+,', false)).toBe(true);
    expect(matchesShortcut(press('д', { code: 'KeyL', ctrlKey: true }), 'Mod+B', false)).toBe(false);
  });

  it('take a letter where the layout has it, a digit where the keyboard has it', () => {
    expect(matchesShortcut(press('n', { code: 'KeyL', ctrlKey: true }), 'Mod+N', false)).toBe(true);
    expect(matchesShortcut(press('n', { code: 'KeyL', ctrlKey: true }), 'Mod+L', false)).toBe(false);
    expect(matchesShortcut(press('&', { code: 'Digit1', ctrlKey: true }), 'Mod+1', false)).toBe(true);
    expect(matchesShortcut(press('é', { code: 'Digit2', ctrlKey: true }), 'Mod+2', false)).toBe(true);
    expect(matchesShortcut(press('1', { code: 'Numpad1', ctrlKey: true }), 'Mod+1', false)).toBe(true);
  });

  it('take a comma as a key', () => {
    expect(matchesShortcut(press(',', { ctrlKey: true }), 'Mod+,', false)).toBe(true);
  });
});
