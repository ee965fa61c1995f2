/** Models, folders and the machine of the scripted backend: the cases a library page must hold. */
import type { Adapter, AppStatus, DraftModel, Model, ModelRoot, ModelVerdict, RuntimeName, RuntimeReport, RuntimeVerdict, Settings, StarterModel } from '$/gen/protocol';
import { NO_PARAMETERS } from '$/lib/layers';

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
    sees_images: false,
    verdict,
    runtime: verdict.type === 'runs' ? 'mistralrs' : verdict.type === 'embeds' ? 'llamacpp' : null,
    runtimes: verdictsOf(verdict),
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

/** What both runtimes make of a model, of which only mistral.rs is installed. */
export function verdictsOf(verdict: ModelVerdict): RuntimeVerdict[] {
  const of = (runtime: RuntimeName, reasons: string[]): RuntimeVerdict => ({
    runtime,
    reasons,
    cautions: verdict.type === 'runs' ? verdict.cautions : [],
    embeds: verdict.type === 'embeds',
  });
  const embeds = ['this model turns text into numbers for searching; it cannot chat'];
  const reasons = verdict.type === 'refused' ? verdict.reasons.slice(0, 1) : verdict.type === 'embeds' ? embeds : [];
  return [{ ...of('mistralrs', reasons), embeds: false }, of('llamacpp', [])];
}

export const LONG_NAME =
  'An-Extraordinarily-Long-Finetune-Name-Merged-From-Seven-Parents-With-A-Recipe-That-Nobody-Remembers-And-A-Suffix-Listing-Every-Single-Dataset-It-Has-Ever-Seen-v2.1-Instruct-Abliterated-Final-Final-2';

const OWN = '/home/ada/.local/share/sirocco/models';
export const HASH = '9f3c1e7ab04d5b6c8e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d';

export function scriptedModels(): Model[] {
  const models = [
    model('m-coder', 'Qwen2.5 Coder 0.5B Instruct', 'qwen2', 'Q4_K_M', 397_808_192, 494_032_768, 32_768, RUNS, NOW - 3_600_000),
    model('m-llama', 'Llama 3.2 3B Instruct', 'llama', 'Q4_K_M', 2_019_377_696, 3_212_749_888, 131_072, RUNS, NOW - 2 * DAY),
    model('m-gemma', 'Gemma 3 4B IT', 'gemma3', 'Q4_0', 2_363_000_000, 3_880_000_000, 131_072, {
      type: 'refused',
      reasons: [
        'architecture `gemma3` is not supported by the mistral.rs runtime yet',
        'the llama.cpp runtime runs it, but is not installed here',
      ],
    }),
    model('m-qwen14', 'Qwen3 14B', 'qwen3', 'Q5_K_M', 10_514_569_568, 14_768_307_200, 40_960, RUNS),
    model('m-iq', 'Mistral 7B Instruct v0.3', 'llama', 'IQ2_XS', 2_201_000_000, 7_248_023_552, 32_768, {
      type: 'runs',
      cautions: ['tensors of type IQ2_XS are computed slowly on this CPU', 'the chat template is missing; a generic one is used'],
    }),
    model('m-long', LONG_NAME, 'llama', 'Q8_0', 8_540_000_000, 8_030_261_248, 8_192, RUNS),
    model('m-gone', 'Phi 4 Mini Instruct', 'phi3', 'Q6_K', 3_155_000_000, 3_836_000_000, 131_072, { type: 'missing' }),
    model('m-away', 'DeepSeek R1 Distill Llama 8B', 'llama', 'Q6_K', 6_596_006_528, 8_030_261_312, 131_072, { type: 'offline' }, NOW - 9 * DAY),
    model('m-ollama', 'نموذج عربي صغير', 'qwen2', 'Q8_0', 1_646_572_992, 1_543_714_304, 32_768, RUNS, NOW - 3 * DAY),
  ];
  const kept: Record<string, Partial<Model>> = {
    'm-coder': {
      root_id: 'r-own',
      path: `${OWN}/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf`,
      deletable: true,
      favourite: true,
      source: { repository: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF', commit: '5c1ab3f0d2e94b7788a1c6e0f3d4b5a697887766', path: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf' },
      sha256: HASH,
      verified_at_ms: NOW - DAY,
    },
    'm-llama': {
      root_id: 'r-own',
      path: `${OWN}/bartowski/Llama-3.2-3B-Instruct-GGUF/Llama-3.2-3B-Instruct-Q4_K_M.gguf`,
      deletable: true,
      newer_on_hub: true,
      notes: 'Good at short summaries; keep the temperature low.',
      source: { repository: 'bartowski/Llama-3.2-3B-Instruct-GGUF', commit: '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', path: 'Llama-3.2-3B-Instruct-Q4_K_M.gguf' },
      sha256: HASH.replace('9', 'c'),
      projector: `${OWN}/bartowski/Llama-3.2-3B-Instruct-GGUF/mmproj-F16.gguf`,
      sees_images: true,
    },
    'm-away': { root_id: 'r-disk', path: '/media/ada/Archive/llm/DeepSeek-R1-Distill-Llama-8B-Q6_K.gguf' },
    'm-ollama': { root_id: 'r-ollama', origin: 'ollama', path: '/home/ada/.ollama/models/blobs/sha256-9f3c1e7ab04d5b6c8e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d' },
    'm-long': { root_id: null, path: `/home/ada/Downloads/${LONG_NAME}-Q8_0.gguf` },
  };
  return models.map((one) => ({ ...one, ...kept[one.id] }));
}

export const DRAFTS: Record<string, DraftModel[]> = {
  llama: [{ key: 'llama-3.2-1b-instruct', name: 'Llama 3.2 1B Instruct', quantization: 'Q4_K_M', size_bytes: 807_694_464 }],
};

export const ADAPTERS: Adapter[] = [
  { key: 'pirate', name: 'Talks like a pirate', path: `${OWN}/adapters/pirate.gguf`, architecture: 'llama', size_bytes: 43_000_000 },
  { key: 'short', name: 'Short answers', path: `${OWN}/adapters/short.gguf`, architecture: 'llama', size_bytes: 21_000_000 },
];

const ROOT: Omit<ModelRoot, 'id' | 'path'> = { is_own: false, reachable: true, origin: 'folder', model_count: 0, size_bytes: 0 };

export const ROOTS: ModelRoot[] = [
  { ...ROOT, id: 'r-own', path: OWN, is_own: true, model_count: 2, size_bytes: 2_417_185_888 },
  { ...ROOT, id: 'r-home', path: '/home/ada/models', model_count: 4, size_bytes: 18_233_569_568 },
  { ...ROOT, id: 'r-ollama', path: '/home/ada/.ollama/models', origin: 'ollama', model_count: 1, size_bytes: 1_646_572_992 },
  { ...ROOT, id: 'r-disk', path: '/media/ada/Archive/llm', reachable: false, model_count: 1, size_bytes: 6_596_006_528 },
];

export const STARTER: StarterModel = {
  name: 'Qwen2.5 Coder 0.5B Instruct',
  summary: 'Small and quick: answers at reading speed on any recent machine, in 29 languages, and writes code.',
  repository: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF',
  file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
  size_bytes: 491_400_064,
  sha256: 'a'.repeat(64),
};

/** As on a machine whose graphics card has no driver, for which somebody has added a runtime. */
export const RUNTIMES: RuntimeReport[] = [
  {
    key: 'mistralrs-cuda-baseline',
    is_added: true,
    name: 'mistralrs',
    version: null,
    backend: 'CUDA',
    target: 'baseline',
    devices: [],
    problem: 'the driver of NVIDIA’s cards was not found',
  },
  ...['x86-64-v4', 'x86-64-v3'].map((target) => worker('mistralrs', '0.8.1', target, false)),
];

/** What is in the scripted archive. */
export const ADDED_RUNTIME: RuntimeReport = worker('llamacpp', '0.1.161', 'x86-64-v3', true);

function worker(name: RuntimeName, version: string, target: string, is_added: boolean): RuntimeReport {
  return { key: `${name}-cpu-${target}`, is_added, name, version, backend: 'CPU', target, devices: [], problem: null };
}

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
  installed: ['mistralrs'],
};

export const SETTINGS: Settings = {
  language: 'system',
  theme: 'system',
  appearance: { accent: 'sirocco', interface_percent: 100, transcript_percent: 100, density: 'comfortable', typeface: 'sans', direction: 'language', reasoning_open: false },
  shortcuts: {},
  quick_ask_keys: '',
  notify_answers: true,
  check_updates: false,
  default_context_length: 8192,
  threads: null,
  default_system_prompt: '',
  default_parameters: NO_PARAMETERS,
  default_preset_id: null,
  titles: 'once',
  enter_sends: true,
  list_width: 280,
  inspector_open: true,
  downloads: { parallel: 2, streams: 4, speed_limit: null, hours: null },
  network: { offline: false, endpoint: null, proxy: { type: 'system' }, extra_ca: null },
  server: { enabled: false, port: 1234, lan: false, ollama_port: false, cors_origins: [], keep_exchanges: false },
  trash_days: 30,
  conversation_trash_days: 30,
};
