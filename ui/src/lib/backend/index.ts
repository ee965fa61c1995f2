/**
 * How the page reaches the backend: one interface, two hosts.
 *
 * The window host speaks Tauri IPC (`tauri.ts`), the browser host HTTP (`http.ts`); tests and
 * `npm run dev` with `?scripted` use `scripted.ts`. Nothing else in the page knows which it is.
 *
 * ```ts
 * const models = await backend().call('model_list', {});
 * ```
 */
import type { Commands, ConversationId, Event, Streams } from '$/gen/protocol';
import { httpBackend } from './http';
import { inWindow, tauriBackend } from './tauri';

export { BackendError } from './error';

/** A stream that runs until its end, an error, or `close`. */
export interface StreamHandle {
  /** Ends it early; `done` then resolves. */
  close(): void;
  /** Resolves when the stream ended, rejects with a `BackendError` when it broke. */
  done: Promise<void>;
}

/** The three wire kinds of the contract, and whether the wire holds. */
export interface Backend {
  /** Rejects with a `BackendError`. */
  call<C extends keyof Commands>(command: C, request: Commands[C]['request']): Promise<Commands[C]['response']>;
  stream<S extends keyof Streams>(
    stream: S,
    request: Streams[S]['request'],
    onMessage: (message: Streams[S]['message']) => void,
  ): StreamHandle;
  /** Any number of listeners share one connection. Answers the function that stops listening. */
  events(onEvent: (event: Event) => void): () => void;
  /** Shows a conversation in a window of its own, or in a tab. */
  openWindow(id: ConversationId): Promise<void>;
  /** Told `false` when the connection is lost and `true` when it is back. Never called in the window host. */
  connection(onChange: (connected: boolean) => void): () => void;
}

let chosen: Backend | null = null;

/** The backend of this page, chosen once. */
export function backend(): Backend {
  chosen ??= inWindow() ? tauriBackend() : httpBackend();
  return chosen;
}

/** Puts another backend in its place; for tests and the scripted development page. */
export function setBackend(other: Backend): void {
  chosen = other;
}
