/** What is said about a model before it is downloaded, as chips: the tone, the words, and why. */
import type { ErrorCode, HubFits, HubRuns, MemoryFit } from '$/gen/protocol';
import { memorySize, sentence, shortTokens, wholeNumber } from '$/lib/format';
import { discoverStrings as s } from '$/lib/strings.en';
import { SHORTEST_CONTEXT } from './state/repository.svelte';

/** Tones of a chip. */
export type Tone = 'neutral' | 'success' | 'warning' | 'danger';

export interface Verdict {
  tone: Tone;
  text: string;
  /** The reason, in a sentence. */
  why: string | null;
}

/** Above this share of the free memory a fit is called tight: other programs want some too. */
const TIGHT = 0.8;

export function runsVerdict(runs: HubRuns): Verdict {
  switch (runs.type) {
    case 'yes':
      return { tone: 'success', text: s.runs, why: null };
    case 'no':
      return { tone: 'neutral', text: s.runsNot, why: sentence(runs.reason) };
    case 'unknown':
      return { tone: 'neutral', text: s.runsUnknown, why: s.runsUnknownWhy };
  }
}

const TONES: Record<HubFits, Tone> = { well: 'success', tight: 'warning', no: 'danger', unknown: 'neutral' };

export function fitsVerdict(fits: HubFits): Verdict {
  return { tone: TONES[fits], text: s.fits[fits], why: s.fitsWhy[fits] };
}

/** What one file takes at the chosen context: green, amber with the largest context that fits, red, or grey. */
export function fitVerdict(fit: MemoryFit | null): Verdict {
  if (!fit) return { tone: 'neutral', text: s.fitUnknown, why: s.fitUnknownWhy };
  const parts = s.fitParts(
    memorySize(fit.weights_bytes),
    memorySize(fit.kv_bytes),
    memorySize(fit.compute_bytes),
    memorySize(fit.available_bytes),
  );
  if (fit.fits && fit.total_bytes <= fit.available_bytes * TIGHT) return { tone: 'success', text: s.fitWell, why: parts };
  if (fit.fits) return { tone: 'warning', text: s.fitTight, why: parts };
  const largest = fit.largest_context_length;
  if (largest !== null && largest >= SHORTEST_CONTEXT) {
    return { tone: 'warning', text: s.fitShorter(shortTokens(largest)), why: `${s.fitShorterWhy(wholeNumber(largest))} ${parts}` };
  }
  return { tone: 'danger', text: s.fitNo, why: parts };
}

/** Whether an error only says that conditions must be accepted first, as the page's own notice does. */
export function isLocked({ code }: { code: ErrorCode }): boolean {
  return code === 'gated' || code === 'token_needed';
}

/** `owner/name` in its two parts; a name without an owner keeps an empty one. */
export function partsOf(repository: string): { author: string; name: string } {
  const at = repository.indexOf('/');
  return at < 0 ? { author: '', name: repository } : { author: repository.slice(0, at), name: repository.slice(at + 1) };
}
