/** The API server of the scripted backend: it listens whenever the settings say so. */
import type { ServedRequest, ServerSettings, ServerState, ServerToken } from '$/gen/protocol';
import { missing, refusal, type Handlers, type ScriptedHost } from './host';
import { NOW } from './models';

type ServerCommand = 'server_status' | 'token_list' | 'token_create' | 'token_revoke';

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
    return { id: count - index, at_ms: NOW - index * 31_000, route, model, client, status, prompt_tokens, completion_tokens, duration_ms: 40 + index * 7 };
  });
}

export function serverState({ enabled, port, ollama_port }: ServerSettings): ServerState {
  if (!enabled) return { type: 'off' };
  return { type: 'listening', addresses: [port, ...(ollama_port ? [11_434] : [])].map((one) => `http://127.0.0.1:${one}`), problem: null };
}

export function serverHandlers(host: ScriptedHost, requests: number): Pick<Handlers, ServerCommand> {
  let tokens: ServerToken[] = [];
  return {
    server_status: () => ({ state: serverState(host.settings.server), requests: scriptedRequests(requests) }),
    token_list: () => tokens,
    token_create: ({ name, scopes, expires_at_ms }) => {
      if (tokens.some((token) => token.name === name)) throw refusal('conflict', `there is a token named \`${name}\` already`);
      const token: ServerToken = { name, scopes, created_at_ms: NOW, expires_at_ms: expires_at_ms ?? null };
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
