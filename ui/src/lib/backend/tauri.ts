/** The window host: Tauri IPC. The only file that may import `@tauri-apps`. */
import { Channel, invoke, isTauri } from '@tauri-apps/api/core';
import { getCurrentWebviewWindow } from '@tauri-apps/api/webviewWindow';
import type { Commands, Event } from '$/gen/protocol';
import { BackendError } from './error';
import type { Backend } from './index';

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
      const channel = new Channel<never>();
      channel.onmessage = (message) => {
        if (open) onMessage(message);
      };
      const done = invoke<void>('rpc_stream', { command: stream, payload: request, channel }).catch((thrown) => {
        if (open) throw BackendError.from(thrown);
      });
      return {
        done,
        close() {
          if (!open) return;
          open = false;
          // A stream that has just ended by itself is no longer known; nothing is left to close.
          invoke('rpc_stream_close', { id: channel.id }).catch(() => {});
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
