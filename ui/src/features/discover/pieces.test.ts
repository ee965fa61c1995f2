import { describe, expect, it } from 'vitest';
import type { HubScore, MemoryFit } from '$/gen/protocol';
import { languageName } from '$/lib/format';
import { activeFilters, NO_FILTERS, sizeWords, stopOf, SIZE_STOPS } from './filters';
import { progressOf } from './progress';
import { countsInFractions, scoreShare } from './scores';
import { templatePieces } from './template';
import { fitsVerdict, fitVerdict, partsOf, runsVerdict } from './verdicts';

describe('filters', () => {
  it('are named one by one, each with the way to take it back', () => {
    const filters = { ...NO_FILTERS, runs_here: true, parameters_max: 8e9, license: 'mit', gated: false, language: 'fr', reasoning: true };
    const active = activeFilters(filters);
    expect(active.map((one) => one.label)).toEqual(['Runs here', 'up to 8 B', 'mit', 'French', 'Open', 'Thinks first']);
    expect(active[1]?.without).toEqual({ ...filters, parameters_min: null, parameters_max: null });
    expect(activeFilters(NO_FILTERS)).toEqual([]);
  });

  it('put bounds in words and on the slider', () => {
    expect([sizeWords(null, null), sizeWords(1e9, null), sizeWords(1e9, 8e9)]).toEqual(['Any size', '1 B or more', '1 B – 8 B']);
    expect(stopOf(null, 'from')).toBe(0);
    expect(stopOf(null, 'to')).toBe(SIZE_STOPS.length - 1);
    expect(SIZE_STOPS[stopOf(8e9, 'from')]).toBe(7e9);
  });

  it('name languages, and leave alone what is none', () => {
    expect(languageName('ar')).toBe('Arabic');
    expect(languageName('not a code!')).toBe('not a code!');
  });
});

describe('verdicts', () => {
  const fit = (total_bytes: number, largest: number | null = null): MemoryFit => ({
    context_length: 8192,
    weights_bytes: 1,
    kv_bytes: 1,
    compute_bytes: 1,
    total_bytes,
    available_bytes: 1000,
    fits: total_bytes <= 1000,
    largest_context_length: largest,
  });

  it('are green with room to spare, amber when tight or with the context that fits, else red or grey', () => {
    const shown = [fit(800), fit(801), fit(1200, 4096), fit(1200, 256), null].map(fitVerdict);
    expect(shown.map(({ tone, text }) => [tone, text])).toEqual([
      ['success', 'Fits'],
      ['warning', 'Tight'],
      ['warning', 'Up to 4k'],
      ['danger', 'Too large'],
      ['neutral', 'Unknown'],
    ]);
    expect(shown[2]?.why).toContain('Fits with up to 4,096 tokens of context.');
  });

  it('give the reason as a sentence', () => {
    expect(runsVerdict({ type: 'no', reason: 'architecture `x` is not supported' }).why).toBe('Architecture `x` is not supported.');
    expect(runsVerdict({ type: 'yes' }).why).toBeNull();
    expect(fitsVerdict('no')).toMatchObject({ tone: 'danger', text: 'Too large' });
  });

  it('split a repository at its first slash', () => {
    expect(partsOf('owner/name')).toEqual({ author: 'owner', name: 'name' });
    expect(partsOf('gpt2')).toEqual({ author: '', name: 'gpt2' });
  });
});

describe('published scores', () => {
  const score = (benchmark: string, number: number | null, metric = ''): HubScore => ({ benchmark, metric, value: String(number), number, verified: false });

  it('have bars of their own whole', () => {
    expect(scoreShare(score('MMLU', 50), false)).toBe(0.5);
    expect(scoreShare(score('MMLU', 0.5), true)).toBe(0.5);
    expect(scoreShare(score('MT-Bench', 6.4), false)).toBeCloseTo(0.64);
  });

  it('have none where it would lie', () => {
    const bare = [score('Arena Elo', 80), score('WikiText', 8.9, 'perplexity'), score('GSM8K', null), score('Odd', 1300), score('Odd', -1)];
    expect(bare.map((one) => scoreShare(one, false))).toEqual([null, null, null, null, null]);
  });

  it('are fractions only if all of them are', () => {
    expect(countsInFractions([score('A', 0.4), score('B', null)])).toBe(true);
    expect(countsInFractions([score('A', 0.4), score('B', 62)])).toBe(false);
  });
});

describe('a template', () => {
  const concern = (excerpt: string) => ({ message: 'why', excerpt });

  it('is cut at what is suspicious about it, and nothing of it is lost', () => {
    const template = 'aa BAD bb WORSE cc';
    const pieces = templatePieces(template, [concern('WORSE'), concern('BAD')]);
    expect(pieces.map(({ text, concern: at }) => [text, at])).toEqual([['aa ', null], ['BAD', 1], [' bb ', null], ['WORSE', 0], [' cc', null]]);
    expect(pieces.map((piece) => piece.text).join('')).toBe(template);
  });

  it('keeps excerpts that overlap, are empty or are not in it from doing harm', () => {
    const pieces = templatePieces('abcdef', [concern('bcd'), concern('cde'), concern(''), concern('zzz')]);
    expect(pieces.map((piece) => piece.text)).toEqual(['a', 'bcd', 'ef']);
    expect(templatePieces('', [concern('x')])).toEqual([]);
  });
});

describe('progress', () => {
  it('is told while a file is under way, and only then', () => {
    expect(progressOf({ type: 'arriving', share: 0.62, seconds_left: 14 })).toEqual({ share: 0.62, words: '62% · 14 s', moving: true });
    expect(progressOf({ type: 'waiting', reason: 'rate_limit', share: 0 })).toMatchObject({ words: 'The Hub asks to wait', moving: false });
    expect(progressOf({ type: 'absent' })).toBeNull();
  });
});
