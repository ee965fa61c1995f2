/**
 * The values of one layer laid over others, for a change that the backend does not know yet. Which layer goes over
 * which is decided there, see `settings_inherit`.
 */
import type { LayerValues, Parameters } from '$/gen/protocol';

/** Sets no parameter. */
export const NO_PARAMETERS: Parameters = {
  temperature: null,
  top_k: null,
  top_p: null,
  min_p: null,
  typical_p: null,
  xtc_probability: null,
  xtc_threshold: null,
  dry_multiplier: null,
  dry_base: null,
  dry_allowed_length: null,
  repeat_penalty: null,
  repeat_last_n: null,
  presence_penalty: null,
  frequency_penalty: null,
  seed: null,
  max_tokens: null,
  stop: null,
  context_overflow: null,
  reasoning: null,
  structured_output: null,
};

/** Sets nothing. */
export const NO_VALUES: LayerValues = { system_prompt: null, parameters: NO_PARAMETERS };

/** What `upper` sets, and what `lower` has where it sets nothing. */
export function over(upper: LayerValues, lower: LayerValues): LayerValues {
  const set = Object.entries(upper.parameters).filter(([, value]) => value !== null);
  return {
    system_prompt: upper.system_prompt ?? lower.system_prompt,
    parameters: { ...lower.parameters, ...Object.fromEntries(set) },
  };
}
