import { describe, expect, it } from 'vitest';
import { ariaShortcut, matchesShortcut, refusalOfShortcut, shortcutOf, shortcutText } from './shortcut';

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

  it('take a sign however the layout makes it', () => {
    expect(matchesShortcut(press('/', { code: 'Slash', ctrlKey: true }), 'Mod+/', false)).toBe(true);
    expect(matchesShortcut(press('/', { code: 'Digit7', ctrlKey: true, shiftKey: true }), 'Mod+/', false)).toBe(true);
    expect(matchesShortcut(press('?', { code: 'Slash', ctrlKey: true, shiftKey: true }), 'Mod+/', false)).toBe(false);
    expect(matchesShortcut(press('{', { code: 'BracketLeft', ctrlKey: true, shiftKey: true }), 'Mod+Shift+[', false)).toBe(true);
    expect(matchesShortcut(press('[', { code: 'BracketLeft', ctrlKey: true }), 'Mod+Shift+[', false)).toBe(false);
  });
});

describe('a key press is named', () => {
  it('as the shortcut that it matches', () => {
    for (const [event, name] of [
      [press('k', { code: 'KeyK', ctrlKey: true }), 'Mod+K'],
      [press('K', { code: 'KeyK', ctrlKey: true, shiftKey: true }), 'Mod+Shift+K'],
      [press('{', { code: 'BracketLeft', ctrlKey: true, shiftKey: true }), 'Mod+Shift+['],
      [press('&', { code: 'Digit1', ctrlKey: true }), 'Mod+1'],
      [press('л', { code: 'KeyK', ctrlKey: true, altKey: true }), 'Mod+Alt+K'],
      [press('F6'), 'F6'],
      [press('Escape', { shiftKey: true }), 'Shift+Escape'],
    ] as const) {
      expect(shortcutOf(event, false)).toBe(name);
      expect(matchesShortcut(event, name, false), name).toBe(true);
    }
  });

  it('only once more than modifiers are held', () => {
    expect(shortcutOf(press('Control', { ctrlKey: true }), false)).toBeNull();
    expect(shortcutOf(press('Dead', { ctrlKey: true }), false)).toBeNull();
    expect(shortcutOf(press('l', { metaKey: true }), false)).toBeNull();
    expect(shortcutOf(press('l', { metaKey: true, ctrlKey: true }), true)).toBe('Mod+Ctrl+L');
  });

  it('and refused where it writes or edits text', () => {
    expect(['K', 'Shift+K', 'Enter', 'ArrowUp'].map(refusalOfShortcut)).toEqual(['writes', 'writes', 'writes', 'writes']);
    expect(['Mod+C', 'Mod+Z'].map(refusalOfShortcut)).toEqual(['edits', 'edits']);
    expect(['Mod+K', 'Alt+ArrowUp', 'F2', 'Shift+Escape'].map(refusalOfShortcut)).toEqual([null, null, null, null]);
  });
});
