/** The window host: Tauri IPC. The only file that may import `@tauri-apps`. */
import { invoke, isTauri } from '@tauri-apps/api/core';
import { getCurrentWebviewWindow } from '@tauri-apps/api/webviewWindow';
import type { Commands, Event } from '$/gen/protocol';
import { BackendError } from './error';
import type { Backend } from './index';

/** A page that draws so often asks no sooner for what comes next. */
const FRAME_MS = 16;

/** Whether the page is shown by the window host. */
export function inWindow(): boolean {
  return isTauri() || '__TAURI_INTERNALS__' in window;
}

async function call<C extends keyof Commands>(command: C, request: Commands[C]['request']): Promise<Commands[C]['response']> {
  try {
    return await invoke('rpc', { command, payload: request });
  } catch (thrown) {
    throw BackendError.from(thrown);
  }
}

export function tauriBackend(): Backend {
  // Events for all windows come here too; those for another one do not.
  const window = getCurrentWebviewWindow();
  return {
    call,

    stream(stream, request, onMessage) {
      let open = true;
      let id: number | null = null;
      const close = () => {
        // A stream that has just ended by itself is no longer known; nothing is left to close.
        if (id !== null) invoke('rpc_stream_close', { id }).catch(() => {});
      };
      const follow = async () => {
        id = await invoke<number>('rpc_stream', { command: stream, payload: request });
        if (!open) return close();
        for (;;) {
          const messages = await invoke<Parameters<typeof onMessage>[0][]>('rpc_stream_next', { id });
          for (const message of messages) if (open) onMessage(message);
          if (!open || messages.length === 0) return;
          await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
        }
      };
      const done = follow().catch((thrown) => {
        if (open) throw BackendError.from(thrown);
      });
      return {
        done,
        close() {
          if (!open) return;
          open = false;
          close();
        },
      };
    },

    events(onEvent) {
      let stopped = false;
      let stop = () => {};
      void window.listen<Event>('sirocco', (event) => onEvent(event.payload)).then((unlisten) => {
        stop = unlisten;
        if (stopped) unlisten();
      });
      return () => {
        stopped = true;
        stop();
      };
    },

    async openWindow(conversation_id) {
      await call('window_open', { conversation_id });
    },

    connection() {
      return () => {};
    },
  };
}
