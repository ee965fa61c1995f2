import { describe, expect, it } from 'vitest';
import { begins, matching, replaced, slashAt } from './slash';

describe('the slash', () => {
  it('opens where it begins the text or a line', () => {
    expect(slashAt('/', 1)).toEqual({ start: 0, end: 1, query: '' });
    expect(slashAt('/sum', 4)).toEqual({ start: 0, end: 4, query: 'sum' });
    expect(slashAt('so\n/su rest', 6)).toEqual({ start: 3, end: 6, query: 'su' });
  });

  it('does not open inside a line, a word, a path or a fraction, nor once a blank was typed', () => {
    for (const text of ['1/2', 'a/', 'https://', '/usr/', '/sum ', '', 'so /su', 'km /s', ' /su', 'so\t/su']) expect(slashAt(text, text.length)).toBeNull();
  });

  it('is replaced by the prompt, and the caret stands after it', () => {
    expect(replaced('say /sum now', 4, 8, 'Hello')).toEqual({ text: 'say Hello now', caret: 9 });
  });
});

describe('the list of prompts', () => {
  const prompts = ['Translate', 'Step by step', 'Write tests', 'Best'].map((title) => ({ id: null, title, text: '' }));
  const titles = (query: string) => matching(prompts, query).map((one) => one.title);

  it('has all of them while nothing is typed', () => {
    expect(titles('')).toEqual(['Translate', 'Step by step', 'Write tests', 'Best']);
  });

  it('has first what begins so, then words that do, then the rest', () => {
    expect(titles('t')).toEqual(['Translate', 'Write tests', 'Step by step', 'Best']);
    expect(titles('TEST')).toEqual(['Write tests']);
    expect(titles('stepby')).toEqual(['Step by step']);
    expect(titles('xyz')).toEqual([]);
  });

  it('knows what begins so, in any case and without the blanks', () => {
    const [, steps] = prompts;
    if (!steps) throw new Error('there are prompts');
    expect(['st', 'STEP', 'stepby'].every((query) => begins(steps, query))).toBe(true);
    expect(['by', 'tep', 'step-'].some((query) => begins(steps, query))).toBe(false);
  });
});
