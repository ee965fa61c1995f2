/** The Hub of the scripted backend: search with its filters and pages, one repository, its card, header and fits. */
import type { HeaderReport, HubFilters, HubModel, HubResult, HubSearch, HubVariant, HubVariantFit, Model, ModelVerdict } from '$/gen/protocol';
import { refusal, type Handlers, type ScriptedHost } from './host';
import { verdictsOf } from './models';
import { CARD, CATALOGUE, fitsOf, FREE_BYTES, QUANTIZATIONS, scriptedRepositories, TEMPLATE } from './hubData';

export type HubCommand = 'hub_search' | 'hub_model' | 'hub_card' | 'hub_header' | 'hub_fit' | 'hub_catalogue';

const PAGE = 24;
const COMMIT = '4c41d0ebc5fa8f8da1d1a1c2b1b9f3a7c3a1e9d2';
const REPOSITORIES = scriptedRepositories();

const ORDER: Record<HubSearch['sort'], (result: HubResult) => number> = {
  trending: (result) => result.likes * 2 + result.downloads / 1000,
  downloads: (result) => result.downloads,
  likes: (result) => result.likes,
  updated: (result) => result.updated_at_ms ?? 0,
  created: (result) => result.created_at_ms ?? 0,
};

function passes(result: HubResult, filters: HubFilters): boolean {
  return (
    (!filters.runs_here || result.runs.type !== 'no') &&
    (!filters.fits_here || result.fits === 'well' || result.fits === 'tight') &&
    (!filters.architecture || result.architecture === filters.architecture) &&
    (result.parameter_count ?? 0) >= (filters.parameters_min ?? 0) &&
    (result.parameter_count ?? 0) <= (filters.parameters_max ?? Infinity) &&
    (!filters.license || result.license === filters.license) &&
    (filters.gated == null || (result.gate !== 'open') === filters.gated) &&
    (!filters.tools || result.tools) &&
    (!filters.reasoning || result.reasoning) &&
    (!filters.language || filters.language === 'en')
  );
}

function repositoryOf(id: string): HubResult {
  const found = REPOSITORIES.find((one) => one.repository === id);
  if (!found) throw refusal('not_found', `the Hub has no repository \`${id}\``, 'check the name');
  return found;
}

function libraryModel(host: ScriptedHost, repository: string, path: string): Model | null {
  return [...host.models.values()].find((one) => one.source?.repository === repository && one.source.path === path) ?? null;
}

function variants(host: ScriptedHost, result: HubResult): HubVariant[] {
  const weights = result.parameter_count ?? 0;
  const stem = (result.repository.split('/')[1] ?? '').replace(/-GGUF$/i, '');
  const fitting = QUANTIZATIONS.filter(([name, bits]) => !name.startsWith('IQ') && bits <= 4.85 && fitsOf(weights, bits) !== 'no');
  const recommended = result.runs.type === 'no' ? undefined : fitting.at(-1)?.[0];
  const models = QUANTIZATIONS.map(([quantization, bits]): HubVariant => {
    const size_bytes = Math.round((weights * bits) / 8);
    const shards = size_bytes > 20e9 ? Math.ceil(size_bytes / 20e9) : 1;
    const numbered = (shard: number) => `-${String(shard).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}`;
    const names = Array.from({ length: shards }, (_, at) => `${stem}-${quantization}${shards > 1 ? numbered(at + 1) : ''}.gguf`);
    const path = names[0] as string;
    return {
      path,
      files: names.map((name) => ({ path: name, size_bytes: Math.round(size_bytes / shards), sha256: 'b'.repeat(64) })),
      quantization,
      size_bytes,
      bits_per_weight: bits,
      security: quantization === 'Q2_K' ? { type: 'unknown' } : quantization === 'F16' ? { type: 'unsafe', finding: 'ClamAV: Unix.Trojan.Test-1' } : { type: 'safe' },
      recommended: quantization === recommended,
      runs: quantization.startsWith('IQ') ? { type: 'no', reason: 'tensors of type IQ4_XS are not supported by the mistral.rs runtime yet' } : result.runs,
      is_projector: false,
      model_id: libraryModel(host, result.repository, path)?.id ?? null,
      download_id: [...host.downloads.values()].find((one) => one.repository === result.repository && one.files[0]?.path === path)?.id ?? null,
    };
  }).sort((a, b) => a.size_bytes - b.size_bytes);
  if (result.architecture !== 'gemma3') return models;
  const template = models[0] as HubVariant;
  const file = { path: `mmproj-${stem}-F16.gguf`, size_bytes: 851_000_000, sha256: null };
  for (const model of models) model.projector = file;
  return [...models, { ...template, projector: undefined, path: `mmproj-${stem}-F16.gguf`, files: [{ path: `mmproj-${stem}-F16.gguf`, size_bytes: 851_000_000, sha256: null }], quantization: 'F16', size_bytes: 851_000_000, bits_per_weight: null, recommended: false, is_projector: true }];
}

function fitOf(result: HubResult, variant: HubVariant, context_length: number): HubVariantFit {
  if (variant.is_projector || variant.runs.type === 'no') return { path: variant.path, fit: null };
  const weights = result.parameter_count ?? 0;
  const kv_per_token = Math.round(weights / 55_000);
  const weights_bytes = Math.round(variant.size_bytes * 1.15);
  const compute_bytes = 260 * 1024 ** 2;
  const kv_bytes = kv_per_token * context_length;
  const total_bytes = weights_bytes + kv_bytes + compute_bytes;
  const room = Math.floor((FREE_BYTES - weights_bytes - compute_bytes) / kv_per_token / 256) * 256;
  return {
    path: variant.path,
    fit: {
      context_length,
      weights_bytes,
      kv_bytes,
      compute_bytes,
      total_bytes,
      available_bytes: FREE_BYTES,
      fits: total_bytes <= FREE_BYTES,
      largest_context_length: room >= 256 ? Math.min(room, result.context_length ?? room) : null,
    },
  };
}

function header(result: HubResult, variant: HubVariant): HeaderReport {
  const verdict: ModelVerdict = variant.runs.type === 'no' ? { type: 'refused', reasons: [variant.runs.reason] } : { type: 'runs', cautions: [] };
  return {
    architecture: result.architecture ?? '',
    quantization: variant.quantization,
    parameter_count: result.parameter_count ?? 0,
    context_length: result.context_length ?? 0,
    tensor_types: [
      { name: 'Q4_K', count: 168, size_bytes: Math.round(variant.size_bytes * 0.71) },
      { name: 'Q6_K', count: 29, size_bytes: Math.round(variant.size_bytes * 0.28) },
      { name: 'F32', count: 141, size_bytes: Math.round(variant.size_bytes * 0.01) },
    ],
    verdict,
    runtimes: verdictsOf(verdict),
    chat_template: TEMPLATE,
    template_concerns: [
      { message: 'what it writes depends on words in the conversation', excerpt: "{%- if 'bank transfer' in message.content %}" },
      { message: 'it writes an address of its own', excerpt: 'https://pay.example.net/now' },
    ],
    metadata: [
      ['general.name', result.repository.split('/')[1] ?? ''],
      ['general.file_type', '15'],
      ['general.quantization_version', '2'],
      [`${result.architecture}.block_count`, '28'],
      [`${result.architecture}.attention.head_count`, '12'],
      [`${result.architecture}.attention.head_count_kv`, '2'],
      ['tokenizer.ggml.model', 'gpt2'],
      ['tokenizer.ggml.tokens', '["!", "\\"", "#", "$", … 151,936 in all]'],
    ],
  };
}

/** The commands of the Hub, answered from memory. */
export function hubHandlers(host: ScriptedHost): Pick<Handlers, HubCommand> {
  const inLibrary = (result: HubResult): HubResult => ({
    ...result,
    in_library: [...host.models.values()].some((one) => one.source?.repository === result.repository),
  });
  const variantOf = (repository: string, path: string): HubVariant => {
    const found = variants(host, repositoryOf(repository)).find((one) => one.path === path);
    if (!found) throw refusal('not_found', `the repository has no file \`${path}\``);
    return found;
  };
  return {
    hub_search: ({ query, sort, filters, cursor }) => {
      const address = /^(?:https?:\/\/[^/]+\/)?([\w.-]+\/[\w.-]+)/.exec(query.trim());
      const words = (address?.[1] ?? query).toLowerCase().split(/\s+/).filter(Boolean);
      const found = REPOSITORIES.filter((one) => words.every((word) => one.repository.toLowerCase().includes(word)))
        .filter((one) => passes(one, filters))
        .sort((a, b) => ORDER[sort](b) - ORDER[sort](a));
      const from = cursor ? Number(cursor) : 0;
      const next = from + PAGE < found.length ? String(from + PAGE) : null;
      return { results: found.slice(from, from + PAGE).map(inLibrary), next, from_cache: false };
    },
    hub_model: ({ repository }): HubModel => {
      const summary = inLibrary(repositoryOf(repository));
      const [author, name] = repository.split('/') as [string, string];
      return {
        summary,
        commit: COMMIT,
        url: `https://huggingface.co/${encodeURI(repository)}`,
        license: summary.license ? { id: summary.license, name: null, link: `https://huggingface.co/${encodeURI(repository)}/blob/main/LICENSE` } : null,
        base_models: [`${author}/${name.replace(/-GGUF$/i, '')}`],
        languages: ['en', 'zh', 'fr', 'ar'],
        quantized_by: author,
        variants: variants(host, summary),
        other_file_count: 4,
      };
    },
    hub_card: () => ({
      markdown: CARD,
      truncated: false,
      scores: [
        { benchmark: 'HumanEval', metric: 'pass@1', value: '70.7', number: 70.7, verified: true },
        { benchmark: 'MBPP', metric: 'pass@1', value: '69.2', number: 69.2, verified: false },
        { benchmark: 'MMLU', metric: '5-shot', value: '53.6', number: 53.6, verified: false },
        { benchmark: 'BBH', metric: '3-shot', value: '39.2 ± 0.6', number: 39.2, verified: false },
        { benchmark: 'MT-Bench', metric: 'score', value: '6.4', number: 6.4, verified: false },
      ],
    }),
    hub_header: ({ repository, path }) => header(repositoryOf(repository), variantOf(repository, path)),
    hub_fit: ({ repository, context_length }) => {
      const result = repositoryOf(repository);
      return variants(host, result).map((variant) => fitOf(result, variant, context_length));
    },
    hub_catalogue: () => CATALOGUE.map((entry) => ({ ...entry, model_id: libraryModel(host, entry.repository, entry.path)?.id ?? null })),
  };
}
