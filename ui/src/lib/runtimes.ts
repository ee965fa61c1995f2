/** Which runtime serves a model, and why, in words. */
import type { Model, RuntimeName, RuntimeVerdict } from '$/gen/protocol';
import { modelStrings as s } from './strings.en';

/** As people write them. */
export const RUNTIMES: Record<RuntimeName, string> = { mistralrs: 'mistral.rs', llamacpp: 'llama.cpp' };

/** Those that can serve a model here, the preferred one first. */
export function ableRuntimes({ runtimes }: Pick<Model, 'runtimes'>, installed: readonly RuntimeName[]): RuntimeName[] {
  const able = runtimes.filter((one) => one.reasons.length === 0 && (installed.length === 0 || installed.includes(one.runtime)));
  return able.map((one) => one.runtime);
}

/** Why this runtime serves the model and none before it. */
export function whyServed({ runtimes }: Pick<Model, 'runtimes'>, runtime: RuntimeName, installed: readonly RuntimeName[]): string {
  const at = runtimes.findIndex((one) => one.runtime === runtime);
  const [before] = runtimes.slice(0, Math.max(at, 0)).reverse();
  if (!before) return s.whyPreferred;
  const name = RUNTIMES[before.runtime];
  const [reason] = before.reasons;
  if (reason !== undefined) return s.whyOtherCannot(name, reason);
  return installed.includes(before.runtime) ? s.whyChosen : s.whyOtherAbsent(name);
}

export type Standing = 'serves' | 'could' | 'cannot' | 'absent';

/** How a runtime stands to a model. */
export function standingOf(verdict: RuntimeVerdict, serving: RuntimeName | null, installed: readonly RuntimeName[]): Standing {
  if (verdict.reasons.length > 0) return 'cannot';
  if (verdict.runtime === serving) return 'serves';
  return installed.includes(verdict.runtime) ? 'could' : 'absent';
}
