/** What models take of the scripted backend's memory. */
import type { CacheType, LoadedModel, MemoryFit, Model, RuntimeName } from '$/gen/protocol';
import { STATUS } from './models';

/** Of what f16 takes. */
const CACHE_SHARES: Record<CacheType, number> = { f16: 1, q8_0: 34 / 64, q4_0: 18 / 64 };

export function memoryFit({ size_bytes, parameter_count }: Model, context_length: number, cache_type: CacheType | null = null): MemoryFit {
  const kv_per_token = Math.round((parameter_count / 30_000) * CACHE_SHARES[cache_type ?? 'f16']);
  const compute_bytes = 300 * 1024 * 1024;
  const { available_bytes } = STATUS.machine;
  const kv_bytes = kv_per_token * context_length;
  const total_bytes = size_bytes + kv_bytes + compute_bytes;
  const room = Math.floor((available_bytes - size_bytes - compute_bytes) / kv_per_token / 256) * 256;
  return {
    context_length,
    weights_bytes: size_bytes,
    kv_bytes,
    compute_bytes,
    total_bytes,
    available_bytes,
    fits: total_bytes <= available_bytes,
    largest_context_length: room >= 256 ? room : null,
  };
}

export function loadedModel(
  model_id: string,
  context_length: number,
  threads: number,
  state: LoadedModel['state'],
  served_by: RuntimeName = 'mistralrs',
): LoadedModel {
  const memory_bytes = state.type === 'ready' ? 1.2 * 1024 ** 3 : null;
  const runtime = served_by === 'mistralrs' ? 'mistral.rs 0.8.1 · CPU (x86-64-v4)' : 'llama.cpp 0.1.161 · CPU (x86-64-v3)';
  return { model_id, state, context_length, threads, runtime, served_by, fallback: null, memory_bytes, queue_length: 0 };
}
