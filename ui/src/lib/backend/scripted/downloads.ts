/** The download queue of the scripted backend, and one download in every state that a row must hold. */
import type { Download, DownloadFile, DownloadState, ErrorCode, ErrorReport } from '$/gen/protocol';
import { entry, type Handlers, type ScriptedHost } from './host';
import { LONG_NAME, NOW, scriptedModels, STARTER } from './models';

type DownloadCommand = Extract<keyof Handlers, `download_${string}`> | 'starter_get' | 'starter_download';

const MINUTE = 60_000;
const COMMIT = '5c1ab3f0d2e94b7788a1c6e0f3d4b5a697887766';

/** A download that runs, as a test or a page needs it. */
export function scriptedDownload(id: string, more: Partial<Download> = {}): Download {
  const total_bytes = more.total_bytes ?? 1_117_320_736;
  const done_bytes = more.done_bytes ?? 0;
  const name = more.name ?? `${id}.gguf`;
  return {
    id,
    name,
    repository: 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF',
    commit: COMMIT,
    quantization: 'Q4_K_M',
    position: 0,
    files: [{ path: name, done_bytes, size_bytes: total_bytes, verified: false }],
    done_bytes,
    total_bytes,
    bytes_per_second: 0,
    seconds_left: null,
    added_at_ms: NOW - 10 * MINUTE,
    state: { type: 'downloading' },
    ...more,
  };
}

const report = (code: ErrorCode, message: string, hint: string | null): ErrorReport => ({ code, message, hint, trace_id: 'trace-1' });

const shard = (index: number, done: number, verified = false): DownloadFile => ({
  path: `Llama-3.3-70B-Instruct-Q4_K_M/Llama-3.3-70B-Instruct-Q4_K_M-0000${index}-of-00003.gguf`,
  done_bytes: done,
  size_bytes: index === 3 ? 2_820_000_000 : 19_850_000_000,
  verified,
});

/** Every state, in the order of the queue, then what is finished. */
export function scriptedDownloads(): Download[] {
  const rows: [string, string, string, number, number, DownloadState, Partial<Download>?][] = [
    ['d-run', 'Qwen3-8B-Q4_K_M.gguf', 'Qwen/Qwen3-8B-GGUF', 0.62, 5_027_783_488, { type: 'downloading' }, { bytes_per_second: 42_300_000, seconds_left: 45 }],
    ['d-shards', 'Llama-3.3-70B-Instruct-Q4_K_M-00001-of-00003.gguf', 'bartowski/Llama-3.3-70B-Instruct-GGUF', 0.53, 42_520_000_000, { type: 'downloading' }, { bytes_per_second: 18_100_000, seconds_left: 1104, files: [shard(1, 19_850_000_000, true), shard(2, 2_685_600_000), shard(3, 0)] }],
    ['d-turn', 'gemma-3-4b-it-Q5_K_M.gguf', 'ggml-org/gemma-3-4b-it-GGUF', 0, 2_829_697_184, { type: 'queued', reason: 'turn', until_ms: null, error: null }],
    ['d-rate', 'Mistral-Small-24B-Instruct-2501-Q4_K_M.gguf', 'bartowski/Mistral-Small-24B-Instruct-2501-GGUF', 0.08, 14_333_910_880, { type: 'queued', reason: 'rate_limit', until_ms: NOW + 4 * MINUTE, error: report('network', 'the Hub asks to slow down', null) }],
    ['d-retry', `${LONG_NAME}-Q8_0.gguf`, 'an-organisation-with-a-very-long-name/and-a-repository-with-an-even-longer-one-GGUF', 0.31, 8_540_000_000, { type: 'queued', reason: 'retry', until_ms: NOW + MINUTE, error: report('network', 'the connection was lost after 2.6 GB', null) }],
    ['d-full', 'Qwen2.5-Coder-32B-Instruct-Q6_K.gguf', 'Qwen/Qwen2.5-Coder-32B-Instruct-GGUF', 0.44, 26_886_000_000, { type: 'paused', error: report('disk_full', 'the disk is full', 'free 15.1 GB; what is there is kept') }],
    ['d-paused', 'Phi-4-mini-instruct-Q6_K.gguf', 'unsloth/Phi-4-mini-instruct-GGUF', 0.12, 3_155_000_000, { type: 'paused', error: null }],
    ['d-gated', 'Llama-3.2-3B-Instruct-Q4_K_M.gguf', 'meta-llama/Llama-3.2-3B-Instruct-GGUF', 0, 2_019_377_696, { type: 'failed', error: report('gated', 'the authors ask to agree to their terms first', 'open the model on the Hub and ask for access') }],
    ['d-token', 'private-notes-1b-Q8_0.gguf', 'ada/private-notes-1b', 0, 1_321_000_000, { type: 'failed', error: report('token_needed', 'this repository is private', 'sign in with a token that may read it') }],
    ['d-done', 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf', 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF', 1, 397_808_192, { type: 'finished', model_id: 'm-coder' }, { position: null }],
    ['d-done-2', 'Llama-3.2-3B-Instruct-Q4_K_M.gguf', 'bartowski/Llama-3.2-3B-Instruct-GGUF', 1, 2_019_377_696, { type: 'finished', model_id: 'm-llama' }, { position: null }],
  ];
  return rows.map(([id, name, repository, share, total_bytes, state, more], position) => {
    const done_bytes = Math.round(total_bytes * share);
    const quantization = /(I?Q\d\w*)\.gguf$|-(Q\d_K_M)-0/i.exec(name)?.slice(1).find(Boolean)?.toUpperCase() ?? '';
    return scriptedDownload(id, { name, repository, quantization, total_bytes, done_bytes, position, state, added_at_ms: NOW - position * MINUTE, ...more });
  });
}

export function downloadHandlers(host: ScriptedHost): Pick<Handlers, DownloadCommand> {
  const { downloads } = host;

  const set = (id: string, changes: Partial<Download>): void => {
    const download = Object.assign(entry(downloads, id, 'download'), changes);
    host.emit({ type: 'download_changed', download });
  };
  const inOrder = () => [...downloads.values()].sort((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity));
  const renumber = (order: Download[]): void => {
    let place = 0;
    for (const one of order) {
      const position = one.state.type === 'finished' ? null : place++;
      if (position !== one.position) set(one.id, { position });
    }
  };
  const chosen = (id: string | null | undefined): Download[] => (id ? [entry(downloads, id, 'download')] : inOrder());

  const run = async (id: string): Promise<void> => {
    for (;;) {
      await host.pause(host.tick_ms * 8);
      const one = downloads.get(id);
      if (!one || one.state.type !== 'downloading') return;
      const bytes_per_second = 34_000_000 + Math.random() * 14_000_000;
      let added = Math.min(one.total_bytes - one.done_bytes, Math.round(bytes_per_second * host.tick_ms * 0.008));
      const done_bytes = one.done_bytes + added;
      const files = one.files.map((file) => {
        const step = Math.min(added, file.size_bytes - file.done_bytes);
        added -= step;
        return { ...file, done_bytes: file.done_bytes + step };
      });
      set(id, { done_bytes, files, bytes_per_second, seconds_left: Math.ceil((one.total_bytes - done_bytes) / bytes_per_second) });
      if (done_bytes < one.total_bytes) continue;
      set(id, { state: { type: 'verifying' }, bytes_per_second: 0, seconds_left: null });
      await host.pause(host.tick_ms * 12);
      const model = scriptedModels()[0];
      if (!model) return;
      host.models.set(model.id, model);
      host.emit({ type: 'model_changed', model });
      set(id, { state: { type: 'finished', model_id: model.id }, position: null, files: files.map((file) => ({ ...file, verified: true })) });
      renumber(inOrder());
      return;
    }
  };
  const begin = (id: string): void => {
    set(id, { state: { type: 'downloading' } });
    if (host.tick_ms > 0) void run(id);
  };
  const add = (more: Partial<Download> & { name: string; repository: string }): Download => {
    const known = [...downloads.values()].find((one) => one.repository === more.repository && one.name === more.name);
    if (known) {
      begin(known.id);
      return known;
    }
    const position = inOrder().filter((one) => one.position !== null).length;
    const added = scriptedDownload(host.id('d'), { position, added_at_ms: Date.now(), ...more });
    downloads.set(added.id, added);
    begin(added.id);
    return added;
  };

  if (host.tick_ms > 0) for (const one of downloads.values()) if (one.state.type === 'downloading') void run(one.id);

  return {
    starter_get: () => STARTER,
    starter_download: () =>
      add({ id: 'd-starter', name: STARTER.file, repository: STARTER.repository, total_bytes: STARTER.size_bytes }),
    download_list: inOrder,
    download_start: ({ repository, path }) => add({ name: path.split('/').at(-1) ?? path, repository }),
    download_pause: ({ id }) => {
      for (const one of chosen(id)) {
        const runs = one.state.type === 'downloading' || one.state.type === 'queued' || one.state.type === 'resolving';
        if (runs) set(one.id, { state: { type: 'paused', error: null }, bytes_per_second: 0, seconds_left: null });
      }
      return {};
    },
    download_resume: ({ id }) => {
      for (const one of chosen(id)) if (one.state.type === 'paused' || one.state.type === 'failed' || id) begin(one.id);
      return {};
    },
    download_cancel: ({ id }) => {
      downloads.delete(entry(downloads, id, 'download').id);
      host.emit({ type: 'download_removed', download_id: id });
      renumber(inOrder());
      return {};
    },
    download_move: ({ id, before }) => {
      const moved = entry(downloads, id, 'download');
      const order = inOrder().filter((one) => one.id !== id);
      const at = before ? order.findIndex((one) => one.id === before) : order.filter((one) => one.position !== null).length;
      order.splice(at < 0 ? order.length : at, 0, moved);
      renumber(order);
      return inOrder();
    },
    download_clear: () => {
      for (const one of [...downloads.values()]) {
        if (one.state.type !== 'finished') continue;
        downloads.delete(one.id);
        host.emit({ type: 'download_removed', download_id: one.id });
      }
      return {};
    },
  };
}
