import { describe, expect, it } from 'vitest';
import { fuzzy, pieces } from './fuzzy';

const lit = (query: string, text: string) => {
  const hit = fuzzy(query, text);
  return hit && pieces(text, hit.ranges).map((piece) => (piece.hit ? `[${piece.text}]` : piece.text)).join('');
};

describe('finding by a few letters', () => {
  it('lights up words, beginnings of words and letters in their order', () => {
    expect(lit('lis', 'Show or hide the list')).toBe('Show or hide the [lis]t');
    expect(lit('mod pick', 'Open the model picker')).toBe('Open the [mod]el [pick]er');
    expect(lit('nc', 'New chat')).toBe('[N]ew [c]hat');
    expect(lit('shlist', 'Show or hide the list')).toBe('[Sh]ow or hide the [list]');
    expect(lit('', 'New chat')).toBe('New chat');
  });

  it('wants every word of the query', () => {
    expect(lit('new zebra', 'New chat')).toBeNull();
  });

  it('does not find a word in letters strewn about', () => {
    expect(lit('rust', 'Compare two structures later')).toBeNull();
    expect(lit('ar', 'Chess endgame: king and pawn')).toBeNull();
    expect(lit('co', 'Bilan carbone du foyer')).toBeNull();
  });

  it('does not take letters together that lie far apart', () => {
    expect(lit('np', 'Name of a finetune that was merged from several Parents')).toBeNull();
  });

  it('reads over accents and case, and keeps places right', () => {
    expect(lit('resume', 'Mon RÉSUMÉ')).toBe('Mon [RÉSUMÉ]');
    expect(lit('تقرير', 'ملخص تقرير الربع')).toBe('ملخص [تقرير] الربع');
    expect(lit('x', 'İx')).toBe('İ[x]');
  });

  it('puts beginnings before middles, and shorter texts before longer ones', () => {
    const score = (query: string, text: string) => fuzzy(query, text)?.score ?? -1;
    expect(score('chat', 'Chat')).toBeGreaterThan(score('chat', 'New chat'));
    expect(score('chat', 'New chat')).toBeGreaterThan(score('chat', 'Wechat'));
    expect(score('new', 'New chat')).toBeGreaterThan(score('new', 'New chat with everything'));
  });
});
