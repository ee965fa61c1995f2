/** Following a run: what its stream tells comes into a turn, until it ends. */

import type { RunUpdate } from '$/gen/protocol';
import { BackendError, type Backend, type StreamHandle } from '$/lib/backend';
import type { Turn } from './turn.svelte';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 8_000;

export interface FollowOptions {
  now: () => number;
  wait: (ms: number) => Promise<void>;
  /** It will hear of nothing more: the run has finished, or nobody knows it. */
  onEnd: (how: 'finished' | 'unknown') => void;
}

export const PAGE_TIME = {
  now: () => performance.now(),
  wait: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
};

export class RunFollow {
  readonly turn: Turn;
  ended = false;
  readonly #backend: Backend;
  readonly #options: FollowOptions;
  #handle: StreamHandle | null = null;

  constructor(backend: Backend, turn: Turn, options: FollowOptions) {
    this.#backend = backend;
    this.turn = turn;
    this.#options = options;
  }

  /** Reads the stream to its end, again from a snapshot after every gap or break. */
  async read(id: string): Promise<void> {
    let retry_ms = FIRST_RETRY_MS;
    while (!this.ended) {
      let next = -1;
      let gap = false;
      let handle: StreamHandle | null = null;
      handle = this.#backend.stream('run_follow', { id }, (update) => {
        if (this.ended || gap) return;
        if (update.type === 'delta') {
          if (update.sequence < next) return;
          if (update.sequence > next) {
            gap = true;
            handle?.close();
            return;
          }
          next++;
        }
        if (update.type === 'snapshot') next = update.next;
        retry_ms = FIRST_RETRY_MS;
        this.#take(update);
      });
      this.#handle = handle;
      try {
        await handle.done;
      } catch (thrown) {
        if (BackendError.from(thrown).code === 'not_found') {
          this.ended = true;
          this.#options.onEnd('unknown');
        }
      }
      if (this.ended) break;
      if (gap) continue;
      await this.#options.wait(retry_ms);
      retry_ms = Math.min(LAST_RETRY_MS, retry_ms * 2);
    }
  }

  /** Stops listening. The run goes on without us. */
  close(): void {
    this.ended = true;
    this.#handle?.close();
  }

  #take(update: RunUpdate): void {
    const { turn } = this;
    switch (update.type) {
      case 'snapshot':
        turn.replace({ ...update.message, run: update.run, versions: turn.message.versions });
        break;
      case 'delta':
        turn.append(update.content, update.reasoning, this.#options.now());
        break;
      case 'prefill':
        turn.progress = { type: 'prefill', done: update.done, total: update.total };
        break;
      case 'summarising':
        turn.progress = { type: 'summarising', message_count: update.message_count };
        break;
      case 'waiting':
        turn.progress = { type: 'waiting', load_progress: update.load_progress, ahead: update.ahead };
        break;
      case 'finished':
        this.ended = true;
        turn.stopThinking(this.#options.now());
        turn.replace({ ...update.message, run: update.run });
        this.#options.onEnd('finished');
        break;
    }
  }
}
