/** Words about a download: how far it is, what it does, and why it waits. */
import type { Download, ErrorReport } from '$/gen/protocol';
import { clockTime, duration, fileSize, percent } from './format';
import { downloadStrings as s } from './strings.en';

/** 0 to 1. */
export function shareOf(download: Pick<Download, 'done_bytes' | 'total_bytes'>): number {
  return download.total_bytes > 0 ? download.done_bytes / download.total_bytes : 0;
}

/** What a person has to put right; not what passes by itself. */
export function errorOf({ state }: Download): ErrorReport | null {
  return state.type === 'failed' || state.type === 'paused' ? state.error : null;
}

/** Seconds to the end in words: `45 s left`, `2 h 10 min left`. */
export function secondsLeft(seconds: number): string {
  return s.left(seconds < 10 ? `${Math.max(1, Math.round(seconds))} s` : duration(seconds * 1000));
}

function amounts(download: Download): string[] {
  const sizes = s.doneOf(fileSize(download.done_bytes), fileSize(download.total_bytes));
  return download.done_bytes > 0 ? [percent(shareOf(download)), sizes] : [fileSize(download.total_bytes)];
}

/** Why it waits, and when it goes on, if that is known. */
export function waitingWords({ state }: Download): string {
  if (state.type !== 'queued') return '';
  const until = state.until_ms === null ? null : clockTime(state.until_ms);
  switch (state.reason) {
    case 'turn':
      return s.turn;
    case 'schedule':
      return [s.schedule, until && s.goesOn(until)].filter(Boolean).join(', ');
    case 'offline':
      return [s.offline, until && s.triesAgain(until)].filter(Boolean).join(', ');
    case 'rate_limit':
      return [s.rateLimit, until && s.goesOn(until)].filter(Boolean).join(', ');
    case 'retry':
      return [s.retrying, until && s.triesAgain(until)].filter(Boolean).join(', ');
  }
}

/** One line: `62% · 3.12 GB of 5.03 GB · 42.3 MB/s · 45 s left`. */
export function progressWords(download: Download): string {
  const { state } = download;
  switch (state.type) {
    case 'downloading':
      return [
        ...amounts(download),
        download.bytes_per_second >= 1 ? s.speed(fileSize(download.bytes_per_second)) : s.connecting,
        download.seconds_left === null ? '' : secondsLeft(download.seconds_left),
      ]
        .filter(Boolean)
        .join(' · ');
    case 'resolving':
      return s.resolving;
    case 'verifying':
      return [s.verifying, fileSize(download.total_bytes)].join(' · ');
    case 'queued':
      return [waitingWords(download), ...amounts(download)].join(' · ');
    case 'paused':
      return [s.paused, ...amounts(download)].join(' · ');
    case 'failed':
      return [s.failed, ...amounts(download)].join(' · ');
    case 'finished':
      return [s.finished, fileSize(download.total_bytes)].join(' · ');
  }
}
