/** How far a file is on its way here. */
import { duration, percent } from '$/lib/format';
import { discoverStrings as s } from '$/lib/strings.en';
import type { Step } from './state/offer.svelte';

export interface Progress {
  /** 0 to 1; `null` while it cannot be told. */
  share: number | null;
  words: string;
  /** Bytes come, or are looked at. */
  moving: boolean;
}

/** `null` where there is nothing to tell: not begun, or here. */
export function progressOf(step: Step): Progress | null {
  switch (step.type) {
    case 'waiting':
      return { share: step.share, words: s.waiting[step.reason], moving: false };
    case 'resolving':
      return { share: 0, words: s.resolving, moving: true };
    case 'arriving': {
      const share = percent(step.share);
      const words = step.seconds_left === null ? share : s.shareAndLeft(share, duration(step.seconds_left * 1000));
      return { share: step.share, words, moving: true };
    }
    case 'checking':
      return { share: 1, words: s.checking, moving: true };
    case 'paused':
      return { share: step.share, words: s.pausedAt(percent(step.share)), moving: false };
    case 'failed':
      return { share: step.share, words: s.stoppedAt(percent(step.share)), moving: false };
    case 'loading':
      return { share: step.progress, words: s.loading(percent(step.progress)), moving: true };
    case 'absent':
    case 'refused':
    case 'here':
    case 'ready':
      return null;
  }
}
