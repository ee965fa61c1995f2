import { describe, expect, it } from 'vitest';
import { grammarOf, languageName, loadHighlighter } from './highlight';

async function kinds(language: string, code: string) {
  const highlight = await loadHighlighter(grammarOf(language) ?? '');
  return highlight?.(code, undefined).lines.flat().filter((piece) => piece.kind !== '').map((piece) => `${piece.kind} ${piece.text.trim()}`);
}

describe('code gets its colours', () => {
  it('by what its words are', async () => {
    expect(await kinds('py', 'def fib(n):\n    return "x" if n < 2 else None # why')).toEqual([
      'keyword def', 'function fib', 'keyword return', 'string "x"', 'keyword if', 'number 2', 'keyword else', 'number None', 'comment # why',
    ]);
    expect(await kinds('ts', 'const a: number = load();')).toEqual(['keyword const', 'type number', 'function load']);
  });

  it('and goes on where the lines before ended', async () => {
    const highlight = await loadHighlighter('javascript');
    const first = highlight?.('/* a', undefined);
    expect(highlight?.('still a comment', first?.state).lines[0]?.[0]?.kind).toBe('comment');
    expect(highlight?.('still a comment', undefined).lines[0]?.[0]?.kind).toBe('');
  });

  it('unless nobody knows the language', async () => {
    expect(grammarOf('klingon')).toBeNull();
    expect(grammarOf('constructor')).toBeNull();
    expect(await loadHighlighter('klingon')).toBeNull();
  });

  it('under the name people use', () => {
    expect([languageName('ts'), languageName('c++'), languageName('rust'), languageName('')]).toEqual(['TypeScript', 'C++', 'Rust', 'Text']);
  });
});
