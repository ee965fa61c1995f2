import { afterEach, describe, expect, it, vi } from 'vitest';
import { tauriBackend } from './tauri';

/** A window host that answers commands. */
function answering(invoke: (command: string) => unknown) {
  const label = 'main';
  const metadata = { currentWindow: { label }, currentWebview: { label, windowLabel: label } };
  vi.stubGlobal('__TAURI_INTERNALS__', { metadata, invoke: async (command: string) => invoke(command) });
}

/** One that answers `rpc_stream_next` with these in turn. Gives what it is asked. */
function host(...answers: unknown[]) {
  const asked: string[] = [];
  answering((command) => {
    asked.push(command);
    if (command === 'rpc_stream') return 7;
    if (command === 'rpc_stream_next') return answers.length > 0 ? answers.shift() : new Promise(() => {});
    return null;
  });
  return asked;
}

describe('a stream of the window host', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('hands on what comes, in order, and ends with an empty answer', async () => {
    const asked = host([1, 2], [3], []);
    const heard: unknown[] = [];
    await tauriBackend().stream('run_follow', { id: 'r' }, (message) => heard.push(message)).done;
    expect(heard).toEqual([1, 2, 3]);
    expect(asked).toEqual(['rpc_stream', ...Array.from({ length: 3 }, () => 'rpc_stream_next')]);
  });

  it('hears nothing more once it is closed, and says so to the host', async () => {
    const asked = host([1, 2]);
    const heard: unknown[] = [];
    const stream = tauriBackend().stream('run_follow', { id: 'r' }, (message) => {
      heard.push(message);
      stream.close();
    });
    await stream.done;
    expect(heard).toEqual([1]);
    expect(asked).toEqual(['rpc_stream', 'rpc_stream_next', 'rpc_stream_close']);
  });

  it('that is closed before it is open is closed once it is', async () => {
    const asked = host();
    const stream = tauriBackend().stream('run_follow', { id: 'r' }, () => {});
    stream.close();
    await stream.done;
    await vi.waitFor(() => expect(asked).toEqual(['rpc_stream', 'rpc_stream_close']));
  });

  it('that breaks says why', async () => {
    answering(() => Promise.reject({ code: 'not_found', message: 'there is no such run' }));
    const { done } = tauriBackend().stream('run_follow', { id: 'r' }, () => {});
    await expect(done).rejects.toMatchObject({ code: 'not_found' });
  });
});
