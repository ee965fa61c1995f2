/** How published scores are drawn. */
import type { HubScore } from '$/gen/protocol';

/** Scores that are not shares of a whole: a bar of 0 to 100 would lie about them. */
const NO_SHARE = /\b(?:elo|ppl|perplexity|loss|wer|cer|latency|rank|bits?\b)/i;
const OUT_OF_TEN = /mt-?bench/i;

/** How long a score's bar is, 0 to 1; `null` where it has none. `all`: whether the whole list counts from 0 to 1. */
export function scoreShare(score: HubScore, fractions: boolean): number | null {
  const { number } = score;
  if (number === null || number < 0 || NO_SHARE.test(`${score.benchmark} ${score.metric}`)) return null;
  const whole = OUT_OF_TEN.test(score.benchmark) ? 10 : fractions ? 1 : 100;
  return number <= whole ? number / whole : null;
}

/** Whether a list of scores counts from 0 to 1 rather than to 100. */
export function countsInFractions(scores: readonly HubScore[]): boolean {
  return scores.every(({ number }) => number === null || number <= 1);
}
