/** The figures under an answer. Pure. */

import type { Message } from '$/gen/protocol';
import { dayAndTime, decimal, duration, wholeNumber } from '$/lib/format';
import { chatStrings } from './strings.en';

/** `18.4`, `132`: three figures, as many as mean something. */
export function speed(tokens_per_second: number): string {
  return tokens_per_second >= 100 ? String(Math.round(tokens_per_second)) : decimal(tokens_per_second, 1);
}

/** The short line: speed, time to first token, tokens, why it ended. */
export function shortFigures(message: Message): string[] {
  const strings = chatStrings.statistics;
  const figures = message.run?.statistics;
  if (!figures) return [];
  const parts: string[] = [];
  if (figures.completion_tokens > 1 && figures.decode_tokens_per_second > 0) {
    parts.push(strings.perSecond(speed(figures.decode_tokens_per_second)));
  }
  parts.push(strings.toFirst(figures.time_to_first_token_ms), strings.tokens(figures.completion_tokens));
  const reason = figures.stop_reason;
  if (reason) parts.push(strings.stopReason(reason));
  if (figures.left_out) parts.push(strings.leftOut(figures.left_out.until - figures.left_out.from));
  return parts;
}

/** All of them, as rows of a table. */
export function allFigures(message: Message): [name: string, value: string][] {
  const strings = chatStrings.statistics;
  const { run } = message;
  const figures = run?.statistics;
  if (!run || !figures) return [];
  const cached = figures.cached_tokens > 0 ? `, ${strings.cached(wholeNumber(figures.cached_tokens))}` : '';
  return [
    ...(message.model_name ? [[strings.model, message.model_name] as [string, string]] : []),
    [strings.prompt, strings.tokens(figures.prompt_tokens) + cached],
    ...(figures.left_out
      ? [[strings.context, strings.leftOut(figures.left_out.until - figures.left_out.from)] as [string, string]]
      : []),
    [strings.answer, strings.tokens(figures.completion_tokens)],
    [strings.firstToken, duration(figures.time_to_first_token_ms)],
    [strings.prefill, strings.perSecond(speed(figures.prefill_tokens_per_second))],
    [strings.decode, strings.perSecond(speed(figures.decode_tokens_per_second))],
    ...(figures.drafted_tokens > 0
      ? [[strings.drafted, strings.accepted(figures.accepted_tokens, figures.drafted_tokens)] as [string, string]]
      : []),
    ...(figures.shifted_tokens > 0 ? [[strings.shifted, strings.forgotten(figures.shifted_tokens)] as [string, string]] : []),
    ...(figures.stop_reason ? [[strings.ended, strings.stopReason(figures.stop_reason)] as [string, string]] : []),
    [strings.when, dayAndTime(run.started_at_ms)],
  ];
}
