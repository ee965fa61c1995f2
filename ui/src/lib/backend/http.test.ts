import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Event } from '$/gen/protocol';
import { BackendError } from './error';
import { eventStreamMessages } from './event-stream';
import { httpBackend, takeToken } from './http';

const encoder = new TextEncoder();

function body(...chunks: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
}

async function all<T>(stream: ReadableStream<Uint8Array>): Promise<T[]> {
  const found: T[] = [];
  for await (const message of eventStreamMessages<T>(stream)) found.push(message);
  return found;
}

describe('the event stream', () => {
  it('joins messages that arrive in pieces, and skips keep-alives', async () => {
    const stream = body('data: {"a"', ':1}\n', '\n: keep\n\nda', 'ta: {"a":2}\r\n\r\n');
    expect(await all(stream)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('keeps a character together whose bytes arrive apart', async () => {
    const bytes = encoder.encode('data: {"t":"é👩‍🚀"}\n\n');
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    expect(await all(stream)).toEqual([{ t: 'é👩‍🚀' }]);
  });

  it('drops a message that was cut off', async () => {
    expect(await all(body('data: {"a":1}\n\ndata: {"a":'))).toEqual([{ a: 1 }]);
  });
});

describe('the browser host', () => {
  beforeEach(() => {
    sessionStorage.clear();
    location.hash = '';
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('takes the token out of the address and remembers it for the tab', () => {
    location.hash = '#token=secret';
    expect(takeToken()).toBe('secret');
    expect(location.hash).toBe('');
    expect(takeToken()).toBe('secret');
  });

  it('sends commands with the token and answers their JSON', async () => {
    location.hash = '#token=secret';
    const fetched = vi.fn(async () => Response.json([{ id: 'm' }]));
    vi.stubGlobal('fetch', fetched);
    expect(await httpBackend().call('model_list', {})).toEqual([{ id: 'm' }]);
    const [path, init] = fetched.mock.calls[0] as unknown as [string, RequestInit];
    expect(path).toBe('/api/call/model_list');
    expect(init.headers).toMatchObject({ Authorization: 'Bearer secret' });
    expect(init.body).toBe('{}');
  });

  it('turns error reports into errors with their code and hint', async () => {
    const report = { code: 'does_not_fit', message: 'too large', hint: 'shorter context', trace_id: 't1' };
    vi.stubGlobal('fetch', async () => Response.json(report, { status: 409 }));
    const thrown = await httpBackend().call('model_list', {}).catch((error) => error);
    expect(thrown).toBeInstanceOf(BackendError);
    expect(thrown).toMatchObject({ code: 'does_not_fit', message: 'too large', hint: 'shorter context', trace_id: 't1' });
  });

  it('says what is wrong when nothing answers, or something else does', async () => {
    vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('failed')));
    expect(await httpBackend().call('model_list', {}).catch((error) => error)).toMatchObject({ code: 'network' });
    vi.stubGlobal('fetch', async () => new Response('<html>', { status: 502 }));
    expect(await httpBackend().call('model_list', {}).catch((error) => error)).toMatchObject({ code: 'internal' });
  });

  it('shares one events connection, and after a break reconnects and says that something was missed', async () => {
    vi.useFakeTimers();
    let opened = 0;
    const waits: ((value: Response) => void)[] = [];
    vi.stubGlobal('fetch', () => {
      opened += 1;
      return opened === 1
        ? Promise.resolve(new Response(body('data: {"type":"ejected","model_id":"a"}\n\n')))
        : new Promise<Response>((resolve) => waits.push(resolve));
    });
    const host = httpBackend();
    const seen: Event[] = [];
    const connected: boolean[] = [];
    host.connection((up) => connected.push(up));
    const stopFirst = host.events((event) => seen.push(event));
    const stopSecond = host.events(() => {});
    await vi.advanceTimersByTimeAsync(600);
    expect(opened).toBe(2);
    expect(seen).toEqual([{ type: 'ejected', model_id: 'a' }]);
    expect(connected).toEqual([false]);
    waits[0]?.(new Response(new ReadableStream()));
    await vi.advanceTimersByTimeAsync(1);
    expect(connected).toEqual([false, true]);
    expect(seen.at(-1)).toEqual({ type: 'lagged' });
    stopFirst();
    stopSecond();
  });

  it('opens a conversation in a tab that gets the token as well', async () => {
    location.hash = '#token=secret';
    const opened = vi.spyOn(window, 'open').mockReturnValue(null);
    await httpBackend().openWindow('c-1');
    expect(opened).toHaveBeenCalledWith(expect.stringMatching(/#token=secret&conversation=c-1$/), '_blank', 'noopener');
  });

  it('closing a stream ends it without an error', async () => {
    vi.stubGlobal('fetch', (_path: string, init: RequestInit) => {
      return new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))));
    });
    const handle = httpBackend().stream('run_follow', { id: 'r' }, () => {});
    handle.close();
    await expect(handle.done).resolves.toBeUndefined();
  });
});
