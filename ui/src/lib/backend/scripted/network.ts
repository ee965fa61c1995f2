/** The account and the log of connections of the scripted backend. */
import type { Connection, ConnectionPurpose, ErrorCode, HubAccount } from '$/gen/protocol';
import { refusal, type Handlers, type ScriptedHost } from './host';
import { NOW } from './models';

type NetworkCommand = 'account_get' | 'account_set' | 'connection_list' | 'connection_clear';

const KINDS: [ConnectionPurpose, string, string, number | null, number, number, ErrorCode | null][] = [
  ['download', 'cdn-lfs.example.org:443', '/repos/7a/1f/9f3c1e7ab04d5b6c8e2f1a0b9c8d7e6f', 206, 16_777_216, 412, null],
  ['repository', 'huggingface.co:443', '/api/models/Qwen/Qwen3-8B-GGUF', 200, 48_211, 187, null],
  ['search', 'huggingface.co:443', '/api/models', 200, 181_044, 356, null],
  ['card', 'huggingface.co:443', '/Qwen/Qwen3-8B-GGUF/resolve/5c1ab3f0/README.md', 304, 0, 92, null],
  ['header', 'cdn-lfs.example.org:443', '/repos/7a/1f/0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e', 206, 4_194_304, 610, null],
  ['account', 'huggingface.co:443', '/api/whoami-v2', 401, 112, 140, 'token_needed'],
  ['download', 'huggingface.co:443', '/meta-llama/Llama-3.2-3B-Instruct-GGUF/resolve/main/model.gguf', 403, 0, 131, 'gated'],
  ['search', 'huggingface.co:443', '/api/models', null, 0, 0, 'offline'],
  ['download', 'cdn-lfs.example.org:443', '/repos/91/3e/5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d', null, 2_621_440, 30_004, 'network'],
];

/** Newest first. */
export function scriptedConnections(count: number): Connection[] {
  return Array.from({ length: count }, (_, index) => {
    const [purpose, host, path, status, received_bytes, duration_ms, error] = KINDS[index % KINDS.length] as (typeof KINDS)[number];
    return { id: count - index, at_ms: NOW - index * 47_000, purpose, method: 'GET', host, path, status, received_bytes, duration_ms, error };
  });
}

export function networkHandlers(host: ScriptedHost, count: number): Pick<Handlers, NetworkCommand> {
  let account: HubAccount = { type: 'anonymous' };
  let connections = scriptedConnections(count);
  return {
    account_get: ({ check }) => {
      if (check && account.type === 'unchecked') account = { type: 'signed_in', name: 'ada', token: 'sirocco (read)', place: account.place };
      return account;
    },
    account_set: ({ token }) => {
      if (token !== '' && !token.startsWith('hf_')) throw refusal('invalid_request', 'the token does not start with `hf_`', 'copy it again from the settings page of the Hub');
      account =
        token === ''
          ? { type: 'anonymous' }
          : token.includes('old')
            ? { type: 'rejected', place: 'key_store' }
            : { type: 'signed_in', name: 'ada', token: 'sirocco (read)', place: 'key_store' };
      host.emit({ type: 'account_changed', account });
      return account;
    },
    connection_list: ({ before, limit }) => connections.filter((one) => before == null || one.id < before).slice(0, limit),
    connection_clear: () => {
      connections = [];
      return {};
    },
  };
}
