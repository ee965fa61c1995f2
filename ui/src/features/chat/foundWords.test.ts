import { describe, expect, it } from 'vitest';
import { stretches } from './foundWords';

const found = (text: string, wanted: string) => stretches(text, wanted).map(([start, end]) => text.slice(start, end));

describe('a text that was found', () => {
  it('is lit wherever it stands, whatever its case and diacritics', () => {
    expect(found('A Décision, indecisive', 'decisi')).toEqual(['Décisi', 'decisi']);
    expect(found('cafe\u0301s 👩‍🚀 CAFÉ', 'café')).toEqual(['cafe\u0301', 'CAFÉ']);
    expect(found('one\ntwo', 'one two')).toEqual(['one\ntwo']);
    expect(found('aaaa', 'aa')).toEqual(['aa', 'aa']);
  });

  it('is nowhere if it is blank', () => {
    expect(found('anything', ' ')).toEqual([]);
  });
});
