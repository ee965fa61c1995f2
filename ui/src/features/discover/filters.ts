/** What results must be like: the choices a person has, and the chips that say which are made. */
import type { HubFilters } from '$/gen/protocol';
import { languageName, parameterCount } from '$/lib/format';
import { discoverStrings as s } from '$/lib/strings.en';

/** Nothing asked. */
export const NO_FILTERS: HubFilters = { runs_here: false, fits_here: false, tools: false, reasoning: false };

/** What a new search begins with: a list in which everything can be used. */
export const STANDARD_FILTERS: HubFilters = { ...NO_FILTERS, runs_here: true };

/** Sizes that models come in, as stops of the slider; the ends mean "no bound". */
export const SIZE_STOPS: readonly (number | null)[] = [null, 0.5e9, 1e9, 2e9, 3e9, 4e9, 7e9, 9e9, 14e9, 24e9, 32e9, 72e9, null];

export const ARCHITECTURES = [
  'llama', 'qwen3', 'qwen3moe', 'qwen2', 'mistral3', 'phi3', 'phi2', 'starcoder2', 'gemma3', 'gpt-oss', 'deepseek2', 'glm4moe', 'granite',
];

export const LICENSES = ['apache-2.0', 'mit', 'llama3.1', 'llama3.2', 'llama3.3', 'gemma', 'cc-by-4.0', 'cc-by-nc-4.0', 'bigcode-openrail-m', 'other'];

/** Two-letter codes; their names come from the browser. */
export const LANGUAGES = ['en', 'zh', 'es', 'fr', 'de', 'it', 'pt', 'nl', 'pl', 'ru', 'uk', 'tr', 'ar', 'he', 'fa', 'hi', 'bn', 'ja', 'ko', 'vi', 'th', 'id'];

/** A bound of the size range in words. */
export function sizeWords(from: number | null | undefined, to: number | null | undefined): string {
  if (from != null && to != null) return `${parameterCount(from)} – ${parameterCount(to)}`;
  if (from != null) return s.sizeFrom(parameterCount(from));
  return to != null ? s.sizeTo(parameterCount(to)) : s.anySize;
}

/** The stop at which a bound stands; a bound between stops stands at the one below it. */
export function stopOf(bound: number | null | undefined, end: 'from' | 'to'): number {
  if (bound == null) return end === 'from' ? 0 : SIZE_STOPS.length - 1;
  return Math.max(0, SIZE_STOPS.findLastIndex((stop) => stop !== null && stop <= bound));
}

/** One choice that is made, and the filters without it. */
export interface ActiveFilter {
  key: string;
  label: string;
  without: HubFilters;
}

/** All choices that are made, in the order of the panel. */
export function activeFilters(filters: HubFilters): ActiveFilter[] {
  const active: ActiveFilter[] = [];
  const add = (key: string, label: string, change: Partial<HubFilters>) =>
    active.push({ key, label, without: { ...filters, ...change } });
  if (filters.runs_here) add('runs_here', s.runs, { runs_here: false });
  if (filters.fits_here) add('fits_here', s.fitsHere, { fits_here: false });
  if (filters.parameters_min != null || filters.parameters_max != null) {
    add('parameters', sizeWords(filters.parameters_min, filters.parameters_max), { parameters_min: null, parameters_max: null });
  }
  if (filters.architecture) add('architecture', filters.architecture, { architecture: null });
  if (filters.license) add('license', filters.license, { license: null });
  if (filters.language) add('language', languageName(filters.language), { language: null });
  if (filters.gated != null) add('gated', filters.gated ? s.accessGated : s.accessOpen, { gated: null });
  if (filters.tools) add('tools', s.tools, { tools: false });
  if (filters.reasoning) add('reasoning', s.reasoning, { reasoning: false });
  return active;
}
