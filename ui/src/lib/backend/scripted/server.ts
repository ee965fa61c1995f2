/** The API server of the scripted backend: it listens whenever the settings say so. */
import type { KeptText, ServedExchange, ServedRequest, ServerSettings, ServerState, ServerToken } from '$/gen/protocol';
import { missing, refusal, type Handlers, type ScriptedHost } from './host';
import { NOW } from './models';

type ServerCommand = 'server_status' | 'server_exchange' | 'server_send' | 'server_stop' | 'token_list' | 'token_create' | 'token_revoke';

const KINDS: [string, string | null, number, number | null, number | null][] = [
  ['POST /v1/chat/completions', 'qwen3-4b-q4_k_m', 200, 812, 240],
  ['POST /api/chat', 'qwen3-4b-q4_k_m', 200, 95, 31],
  ['GET /v1/models', null, 200, null, null],
  ['POST /v1/messages', 'gpt-4o', 404, null, null],
];

export function scriptedRequests(count: number): ServedRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const [route, model, status, prompt_tokens, completion_tokens] = KINDS[index % KINDS.length] as (typeof KINDS)[number];
    const client = index % 3 === 0 ? 'laptop' : null;
    return { id: count - index, at_ms: NOW - index * 31_000, route, model, client, status, prompt_tokens, completion_tokens, duration_ms: 40 + index * 7, is_kept: index % 2 === 0 };
  });
}

const RUNNING: Omit<ServedRequest, 'id' | 'at_ms' | 'route'> = {
  model: 'qwen3-4b-q4_k_m',
  client: null,
  status: 200,
  prompt_tokens: 24,
  completion_tokens: null,
  duration_ms: null,
  is_kept: true,
};

function exchangeOf(model: string): ServedExchange {
  const kept = (value: object): KeptText => ({ text: JSON.stringify(value), is_cut: false });
  return {
    request: kept({ model, messages: [{ role: 'user', content: 'Why is the sky blue?' }], max_tokens: 200 }),
    response: kept({
      object: 'chat.completion',
      model,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Air scatters short waves more than long ones.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 24, completion_tokens: 11, total_tokens: 35 },
    }),
  };
}

export function serverState({ enabled, port, ollama_port }: ServerSettings): ServerState {
  if (!enabled) return { type: 'off' };
  return { type: 'listening', addresses: [port, ...(ollama_port ? [11_434] : [])].map((one) => `http://127.0.0.1:${one}`), problem: null };
}

export function serverHandlers(host: ScriptedHost, requests: number): Pick<Handlers, ServerCommand> {
  let tokens: ServerToken[] = [];
  const log = scriptedRequests(requests);
  const sent = new Map<number, ServedExchange>();
  const change = (request: ServedRequest) => host.emit({ type: 'request_changed', request });
  return {
    server_status: () => ({ state: serverState(host.settings.server), requests: log }),
    server_exchange: ({ id }) => {
      const kept = sent.get(id);
      if (kept) return kept;
      const request = log.find((one) => one.id === id && one.is_kept);
      if (!request) throw missing('exchange');
      return exchangeOf(request.model ?? '');
    },
    // Answered as soon as it is sent; a body that asks for a stream is answered for ever, until it is stopped.
    server_send: ({ method, path, body }) => {
      const id = 1000 + sent.size;
      const request: ServedRequest = { ...RUNNING, id, at_ms: NOW, route: `${method} ${path}` };
      const running = body.includes('"stream": true');
      sent.set(id, { ...exchangeOf('qwen3-4b-q4_k_m'), request: { text: body, is_cut: false } });
      change(request);
      if (!running) change({ ...request, duration_ms: 412 });
      return { id };
    },
    server_stop: ({ id }) => {
      if (sent.has(id)) change({ ...RUNNING, id, at_ms: NOW, route: 'POST /v1/chat/completions', duration_ms: 900 });
      return {};
    },
    token_list: () => tokens,
    token_create: ({ name, scopes, expires_at_ms, requests_per_minute }) => {
      if (tokens.some((token) => token.name === name)) throw refusal('conflict', `there is a token named \`${name}\` already`);
      const token: ServerToken = { name, scopes, created_at_ms: NOW, expires_at_ms: expires_at_ms ?? null, requests_per_minute: requests_per_minute ?? null };
      tokens = [...tokens, token];
      return { token, secret: 'sk-sirocco-0123456789abcdef' };
    },
    token_revoke: ({ name }) => {
      if (!tokens.some((token) => token.name === name)) throw missing('token');
      tokens = tokens.filter((token) => token.name !== name);
      return {};
    },
  };
}
