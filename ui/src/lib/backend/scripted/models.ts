/** Models, folders and the machine of the scripted backend: the cases a library page must hold. */
import type { AppStatus, Model, ModelRoot, ModelVerdict, Settings, StarterModel } from '$/gen/protocol';

const DAY = 86_400_000;
export const NOW = Date.now();
const GIB = 1024 ** 3;

function model(
  id: string,
  name: string,
  architecture: string,
  quantization: string,
  size_bytes: number,
  parameter_count: number,
  context_length: number,
  verdict: ModelVerdict,
  used_at_ms: number | null = null,
): Model {
  const key = `${name} ${quantization}`.toLowerCase().replace(/[^a-z0-9._]+/g, '-');
  return {
    id,
    name,
    key,
    path: `/home/ada/models/${name.replace(/[^\w.]+/g, '-')}-${quantization}.gguf`,
    architecture,
    quantization,
    size_bytes,
    parameter_count,
    context_length,
    has_chat_template: true,
    verdict,
    added_at_ms: NOW - 20 * DAY,
    used_at_ms,
    root_id: 'r-home',
    origin: 'folder',
    source: null,
    sha256: null,
    verified_at_ms: null,
    favourite: false,
    notes: '',
    newer_on_hub: false,
    deletable: false,
  };
}

const RUNS: ModelVerdict = { type: 'runs', cautions: [] };

export const LONG_NAME =
  'An-Extraordinarily-Long-Finetune-Name-Merged-From-Seven-Parents-With-A-Recipe-That-Nobody-Remembers-And-A-Suffix-Listing-Every-Single-Dataset-It-Has-Ever-Seen-v2.1-Instruct-Abliterated-Final-Final-2';

export function scriptedModels(): Model[] {
  return [
    model('m-coder', 'Qwen2.5 Coder 0.5B Instruct', 'qwen2', 'Q4_K_M', 397_808_192, 494_032_768, 32_768, RUNS, NOW - 3_600_000),
    model('m-llama', 'Llama 3.2 3B Instruct', 'llama', 'Q4_K_M', 2_019_377_696, 3_212_749_888, 131_072, RUNS, NOW - 2 * DAY),
    model('m-gemma', 'Gemma 3 4B IT', 'gemma3', 'Q4_0', 2_363_000_000, 3_880_000_000, 131_072, {
      type: 'refused',
      reasons: ['architecture `gemma3` is not supported by the mistral.rs runtime yet'],
    }),
    model('m-qwen14', 'Qwen3 14B', 'qwen3', 'Q5_K_M', 10_514_569_568, 14_768_307_200, 40_960, RUNS),
    model('m-iq', 'Mistral 7B Instruct v0.3', 'llama', 'IQ2_XS', 2_201_000_000, 7_248_023_552, 32_768, {
      type: 'runs',
      cautions: ['tensors of type IQ2_XS are computed slowly on this CPU', 'the chat template is missing; a generic one is used'],
    }),
    model('m-long', LONG_NAME, 'llama', 'Q8_0', 8_540_000_000, 8_030_261_248, 8_192, RUNS),
    model('m-gone', 'Phi 4 Mini Instruct', 'phi3', 'Q6_K', 3_155_000_000, 3_836_000_000, 131_072, { type: 'missing' }),
  ];
}

export const ROOTS: ModelRoot[] = [
  { id: 'r-own', path: '/home/ada/.local/share/sirocco/models', is_own: true, reachable: true, origin: 'folder', model_count: 2, size_bytes: 2_417_185_888 },
  { id: 'r-home', path: '/home/ada/models', is_own: false, reachable: true, origin: 'folder', model_count: 4, size_bytes: 23_618_569_568 },
  { id: 'r-disk', path: '/media/ada/Archive/llm', is_own: false, reachable: false, origin: 'folder', model_count: 1, size_bytes: 3_155_000_000 },
];

export const STARTER: StarterModel = {
  name: 'Qwen2.5 Coder 0.5B Instruct',
  summary: 'Small and quick: answers at reading speed on any recent machine, in 29 languages, and writes code.',
  repository: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF',
  file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
  size_bytes: 491_400_064,
  sha256: 'a'.repeat(64),
};

export const STATUS: AppStatus = {
  version: '0.1.0',
  data_folder: '/home/ada/.local/share/sirocco',
  host: 'browser',
  machine: {
    cpu: 'AMD Ryzen 7 7840U',
    physical_cores: 8,
    cpu_level: 'x86-64-v4',
    memory_bytes: 16 * GIB,
    available_bytes: 9.4 * GIB,
    system: 'Debian GNU/Linux 12',
  },
  runtimes: ['mistral.rs 0.8.1 · CPU (x86-64-v4)', 'mistral.rs 0.8.1 · CPU (x86-64-v3)'],
};

export const SETTINGS: Settings = {
  theme: 'system',
  default_context_length: 8192,
  threads: null,
  default_system_prompt: '',
  default_parameters: {
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
    stop: [],
  },
  enter_sends: true,
  list_width: 280,
  inspector_open: true,
  downloads: { parallel: 2, streams: 4, speed_limit: null, hours: null },
  network: { offline: false, endpoint: null, proxy: { type: 'system' }, extra_ca: null },
  trash_days: 30,
};
