/** The browser host: JSON over HTTP, streams and events as `text/event-stream` read with `fetch`. */
import type { Event } from '$/gen/protocol';
import { BackendError } from './error';
import type { Backend } from './index';
import { eventStreamMessages } from './event-stream';

const TOKEN_KEY = 'sirocco.token';
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** Takes the token out of `#token=…` (so that it stays out of the address bar) and remembers it for this tab. */
export function takeToken(): string {
  const hash = new URLSearchParams(location.hash.slice(1));
  const token = hash.get('token');
  if (token) {
    sessionStorage.setItem(TOKEN_KEY, token);
    hash.delete('token');
    const rest = hash.toString();
    history.replaceState(history.state, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
    return token;
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? '';
}

async function post(token: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    throw new BackendError({
      code: 'network',
      message: 'Sirocco does not answer',
      hint: 'check that it is still running on this machine',
      trace_id: '',
    });
  }
  if (!response.ok) throw await reportOf(response);
  return response;
}

async function reportOf(response: Response): Promise<BackendError> {
  try {
    const report = await response.json();
    if (typeof report?.message === 'string') return new BackendError(report);
  } catch {
    // Not from the backend itself (a proxy, for instance); the status says what is known.
  }
  return new BackendError({
    code: response.status === 401 ? 'unauthorized' : 'internal',
    message: `Sirocco answered with status ${response.status}`,
    hint: response.status === 401 ? 'open the address that Sirocco printed when it started' : null,
    trace_id: '',
  });
}

/** One events connection for all listeners, reopened with a growing pause when it breaks. */
class EventConnection {
  readonly #token: string;
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #watchers = new Set<(connected: boolean) => void>();
  #running: AbortController | null = null;

  constructor(token: string) {
    this.#token = token;
  }

  listen(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#running) {
      this.#running = new AbortController();
      void this.#run(this.#running.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) {
        this.#running?.abort();
        this.#running = null;
      }
    };
  }

  watch(watcher: (connected: boolean) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let lost = false;
    let pause_ms = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        const response = await fetch('/api/events', { headers: { Authorization: `Bearer ${this.#token}` }, signal });
        if (!response.ok || !response.body) throw await reportOf(response);
        pause_ms = FIRST_RETRY_MS;
        if (lost) {
          lost = false;
          for (const watcher of this.#watchers) watcher(true);
          // What happened in between is unknown: the same as having fallen behind.
          this.#tell({ type: 'lagged' });
        }
        for await (const event of eventStreamMessages<Event>(response.body)) this.#tell(event);
      } catch (thrown) {
        if (signal.aborted) return;
        if (thrown instanceof BackendError && thrown.code === 'unauthorized') {
          for (const watcher of this.#watchers) watcher(false);
          return;
        }
      }
      if (signal.aborted) return;
      if (!lost) for (const watcher of this.#watchers) watcher(false);
      lost = true;
      await new Promise((resolve) => setTimeout(resolve, pause_ms));
      pause_ms = Math.min(pause_ms * 2, LAST_RETRY_MS);
    }
  }

  #tell(event: Event): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

export function httpBackend(): Backend {
  const token = takeToken();
  const connection = new EventConnection(token);
  return {
    async call(command, request) {
      const response = await post(token, `/api/call/${command}`, request);
      return response.json();
    },

    stream(stream, request, onMessage) {
      const abort = new AbortController();
      const done = (async () => {
        try {
          const response = await post(token, `/api/stream/${stream}`, request, abort.signal);
          if (!response.body) return;
          for await (const message of eventStreamMessages<never>(response.body)) {
            if (abort.signal.aborted) return;
            onMessage(message);
          }
        } catch (thrown) {
          if (!abort.signal.aborted) throw BackendError.from(thrown);
        }
      })();
      return { done, close: () => abort.abort() };
    },

    async openWindow(id) {
      // The new tab has no session of ours, so it gets the token as the first one did.
      const hash = new URLSearchParams({ token, conversation: id });
      window.open(`${location.pathname}${location.search}#${hash}`, '_blank', 'noopener');
    },

    events: (onEvent) => connection.listen(onEvent),
    connection: (onChange) => connection.watch(onChange),
  };
}
