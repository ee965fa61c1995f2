/** What a machine can run, in plain words. */
import type { Machine } from '$/gen/protocol';

/** Bytes per weight of a common four-bit quantization, context and working memory included. */
const BYTES_PER_WEIGHT = 0.72;
/** Left to everything else that runs. */
const SPARE_BYTES = 1024 ** 3;
/** Sizes that models come in, in billions of weights. */
const SIZES = [0.5, 1, 1.5, 3, 4, 7, 8, 12, 14, 24, 32, 70];

/** The largest usual model size (in billions of weights) that fits the free memory; `null` for none. */
export function comfortableSize(machine: Machine): number | null {
  const weights = (machine.available_bytes - SPARE_BYTES) / BYTES_PER_WEIGHT / 1e9;
  return SIZES.findLast((size) => size <= weights) ?? null;
}
