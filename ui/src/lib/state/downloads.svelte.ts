/** The queue of downloads, kept in order by events, and what can be done with it. */
import type { Download, DownloadId, DownloadStart, Event } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';

export type QueueLoad = { type: 'loading' } | { type: 'ready' } | { type: 'failed'; error: BackendError };

/** Bytes arrive, or are about to. */
export function isActive({ state }: Download): boolean {
  return state.type === 'downloading' || state.type === 'resolving' || state.type === 'verifying';
}

/** It goes on by itself, so it can be paused. */
export function isPausable({ state }: Download): boolean {
  return state.type === 'downloading' || state.type === 'resolving' || state.type === 'queued';
}

/** It goes on only when someone says so. */
export function isResumable({ state }: Download): boolean {
  return state.type === 'paused' || state.type === 'failed';
}

/** By place in the queue; ids break ties, so that equal places never flicker. */
function byPosition(a: Download, b: Download): number {
  return (a.position ?? Infinity) - (b.position ?? Infinity) || a.added_at_ms - b.added_at_ms || (a.id < b.id ? -1 : 1);
}

const sum = (downloads: Download[], of: (one: Download) => number) => downloads.reduce((all, one) => all + of(one), 0);

export class DownloadQueue {
  state = $state.raw<QueueLoad>({ type: 'loading' });
  #downloads = $state.raw<ReadonlyMap<DownloadId, Download>>(new Map());

  /** What is not finished, in the order of the queue. */
  readonly queue: Download[] = $derived([...this.#downloads.values()].filter((one) => one.state.type !== 'finished').sort(byPosition));
  /** What is finished, newest first. */
  readonly finished: Download[] = $derived(
    [...this.#downloads.values()].filter((one) => one.state.type === 'finished').sort((a, b) => b.added_at_ms - a.added_at_ms),
  );
  readonly active: Download[] = $derived(this.queue.filter(isActive));
  /** What needs a person before it goes on: failed, or paused by an error. */
  readonly troubled: Download[] = $derived(
    this.queue.filter(({ state }) => state.type === 'failed' || (state.type === 'paused' && state.error !== null)),
  );
  readonly bytesPerSecond: number = $derived(sum(this.active, (one) => one.bytes_per_second));
  /** Of what goes on by itself: what is paused is not waited for. */
  readonly #going: Download[] = $derived(this.queue.filter((one) => isActive(one) || isPausable(one)));
  readonly doneBytes: number = $derived(sum(this.#going, (one) => one.done_bytes));
  readonly totalBytes: number = $derived(sum(this.#going, (one) => one.total_bytes));
  /** 0 to 1, of what goes on by itself. */
  readonly share: number = $derived(this.totalBytes === 0 ? 0 : this.doneBytes / this.totalBytes);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Asks for all of them anew. */
  async load(): Promise<void> {
    try {
      this.#take(await this.#backend.call('download_list', {}));
      this.state = { type: 'ready' };
    } catch (thrown) {
      if (this.state.type !== 'ready') this.state = { type: 'failed', error: BackendError.from(thrown) };
    }
  }

  download(id: DownloadId | null | undefined): Download | null {
    return id ? (this.#downloads.get(id) ?? null) : null;
  }

  /** The download of a file of a repository, finished or not. */
  of(repository: string, path: string): Download | null {
    const matches = (one: Download) => one.repository === repository && (one.files[0]?.path === path || one.name === path);
    return this.queue.find(matches) ?? this.finished.find(matches) ?? null;
  }

  async start(request: DownloadStart): Promise<Download> {
    return this.#added(await this.#backend.call('download_start', request));
  }

  async startStarter(): Promise<Download> {
    return this.#added(await this.#backend.call('starter_download', {}));
  }

  /** Keeps the bytes; `null` pauses all. */
  async pause(id: DownloadId | null): Promise<void> {
    await this.#backend.call('download_pause', { id });
  }

  /** Goes on where it was, also after a failure; `null` resumes all. */
  async resume(id: DownloadId | null): Promise<void> {
    await this.#backend.call('download_resume', { id });
  }

  /** Stops it and removes its bytes. */
  async cancel(id: DownloadId): Promise<void> {
    await this.#backend.call('download_cancel', { id });
    this.#drop(id);
  }

  /** Puts a download before another, or (`null`) at the end; at once on screen, back if it is refused. */
  async move(id: DownloadId, before: DownloadId | null): Promise<void> {
    const order = this.queue.filter((one) => one.id !== id);
    const moved = this.#downloads.get(id);
    if (!moved || before === id) return;
    const at = before === null ? order.length : order.findIndex((one) => one.id === before);
    order.splice(at < 0 ? order.length : at, 0, moved);
    const earlier = this.#downloads;
    const next = new Map(earlier);
    order.forEach((one, position) => next.set(one.id, { ...one, position }));
    this.#downloads = next;
    try {
      this.#take(await this.#backend.call('download_move', { id, before }));
    } catch (thrown) {
      this.#downloads = earlier;
      throw BackendError.from(thrown);
    }
  }

  /** One place up (-1) or down (1). */
  async moveBy(id: DownloadId, step: -1 | 1): Promise<void> {
    const index = this.queue.findIndex((one) => one.id === id);
    const target = index + step;
    if (index < 0 || target < 0 || target >= this.queue.length) return;
    await this.move(id, this.queue[step < 0 ? target : target + 1]?.id ?? null);
  }

  /** Takes what is finished off the list; the models stay. */
  async clear(): Promise<void> {
    const gone = this.finished.map((one) => one.id);
    await this.#backend.call('download_clear', {});
    for (const id of gone) this.#drop(id);
  }

  handle(event: Event): void {
    if (event.type === 'download_changed') this.#put(event.download);
    if (event.type === 'download_removed') this.#drop(event.download_id);
    if (event.type === 'lagged') void this.load();
  }

  #take(downloads: Download[]): void {
    this.#downloads = new Map(downloads.map((one) => [one.id, one]));
  }

  /** The answer may arrive after later events; then what the events said is newer. */
  #added(download: Download): Download {
    if (!this.#downloads.has(download.id)) this.#put(download);
    return download;
  }

  #put(download: Download): void {
    this.#downloads = new Map(this.#downloads).set(download.id, download);
  }

  #drop(id: DownloadId): void {
    if (!this.#downloads.has(id)) return;
    const next = new Map(this.#downloads);
    next.delete(id);
    this.#downloads = next;
  }
}
