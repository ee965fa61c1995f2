/** A request in the words of a table. */
import type { ServedRequest } from '$/gen/protocol';
import { duration, wholeNumber } from '$/lib/format';
import { serverStrings as s } from './strings.en';

/** The status, or why there is none. */
export function statusOf({ status, duration_ms }: ServedRequest): string {
  if (status !== null) return String(status);
  return duration_ms === null ? s.running : s.left;
}

export function isTroubled({ status }: ServedRequest): boolean {
  return status !== null && status >= 400;
}

export function tokensOf({ prompt_tokens, completion_tokens }: ServedRequest): string {
  if (prompt_tokens === null) return '';
  return s.tokensOf(wholeNumber(prompt_tokens), wholeNumber(completion_tokens ?? 0));
}

export function durationOf({ duration_ms }: ServedRequest): string {
  return duration_ms === null ? '' : duration(duration_ms);
}
