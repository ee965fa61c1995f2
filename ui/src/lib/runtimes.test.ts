import { describe, expect, it } from 'vitest';
import type { RuntimeName, RuntimeVerdict } from '$/gen/protocol';
import { ableRuntimes, standingOf, whyServed } from './runtimes';

const BOTH: RuntimeName[] = ['mistralrs', 'llamacpp'];
const verdict = (runtime: RuntimeName, ...reasons: string[]): RuntimeVerdict => ({ runtime, reasons, cautions: [], embeds: false });
const qwen = { runtimes: [verdict('mistralrs'), verdict('llamacpp')] };
const gemma = { runtimes: [verdict('mistralrs', 'architecture `gemma3` is not supported'), verdict('llamacpp')] };

describe('the runtime of a model', () => {
  it('is one of those that can and are installed; without any, of those that can', () => {
    expect(ableRuntimes(qwen, BOTH)).toEqual(BOTH);
    expect(ableRuntimes(gemma, BOTH)).toEqual(['llamacpp']);
    expect(ableRuntimes(gemma, ['mistralrs'])).toEqual([]);
    expect(ableRuntimes(gemma, [])).toEqual(['llamacpp']);
  });

  it('is explained by what the preferred one cannot, or by the choice', () => {
    expect(whyServed(qwen, 'mistralrs', BOTH)).toContain('wherever it can');
    expect(whyServed(gemma, 'llamacpp', BOTH)).toContain('architecture `gemma3` is not supported');
    expect(whyServed(qwen, 'llamacpp', BOTH)).toContain('chosen');
    expect(whyServed(qwen, 'llamacpp', ['llamacpp'])).toContain('not installed');
    expect(whyServed({ runtimes: [] }, 'mistralrs', BOTH)).toContain('wherever it can');
  });

  it('stands above those that could, are not there, or cannot', () => {
    const standings = (installed: RuntimeName[]) => qwen.runtimes.map((one) => standingOf(one, 'mistralrs', installed));
    expect(standings(BOTH)).toEqual(['serves', 'could']);
    expect(standings(['mistralrs'])).toEqual(['serves', 'absent']);
    expect(gemma.runtimes.map((one) => standingOf(one, 'llamacpp', BOTH))).toEqual(['cannot', 'serves']);
  });
});
