/** How the API server stands, who may use it, and what was asked of it last. */
import type { Event, NewToken, ServedExchange, ServedRequest, ServerSend, ServerState, ServerToken, TokenCreate } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';

/** As many requests as the backend remembers. */
const KEPT = 200;

export class Serving {
  /** `null` until it is known. */
  state = $state.raw<ServerState | null>(null);
  /** Newest first. */
  requests = $state.raw<ServedRequest[]>([]);
  tokens = $state.raw<ServerToken[]>([]);
  problem = $state.raw<BackendError | null>(null);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Loads everything and listens on; answers the function that stops listening. */
  start(): () => void {
    const stop = this.#backend.events((event) => this.handle(event));
    void this.load();
    return stop;
  }

  async load(): Promise<void> {
    try {
      const [status, tokens] = await Promise.all([this.#backend.call('server_status', {}), this.#backend.call('token_list', {})]);
      this.state = status.state;
      this.requests = status.requests;
      this.tokens = tokens;
      this.problem = null;
    } catch (thrown) {
      this.problem = BackendError.from(thrown);
    }
  }

  /** What was said in a request so far. Rejects if it is not kept any more. */
  exchange(id: number): Promise<ServedExchange> {
    return this.#backend.call('server_exchange', { id });
  }

  /** Asks the server from inside; answers the id that the request has in the log. */
  async send(request: ServerSend): Promise<number> {
    return (await this.#backend.call('server_send', request)).id;
  }

  async stop(id: number): Promise<void> {
    await this.#backend.call('server_stop', { id });
  }

  async makeToken(wanted: TokenCreate): Promise<NewToken> {
    const made = await this.#backend.call('token_create', wanted);
    this.tokens = [...this.tokens, made.token];
    return made;
  }

  async revokeToken(name: string): Promise<void> {
    await this.#backend.call('token_revoke', { name });
    this.tokens = this.tokens.filter((token) => token.name !== name);
  }

  handle(event: Event): void {
    if (event.type === 'server_changed') this.state = event.state;
    if (event.type === 'request_changed') this.#take(event.request);
    if (event.type === 'lagged') void this.load();
  }

  #take(request: ServedRequest): void {
    const known = this.requests.some((one) => one.id === request.id);
    this.requests = known
      ? this.requests.map((one) => (one.id === request.id ? request : one))
      : [request, ...this.requests].slice(0, KEPT);
  }
}
