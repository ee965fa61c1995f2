/** What the desktop does for the scripted backend: windows, keys, what it asks to open, and the start at login. */
import type { Handlers, ScriptedHost } from './host';

type DesktopCommand = 'opening_take' | 'login_start_get' | 'login_start_set' | 'window_open' | 'window_show' | 'quick_ask_get' | 'quick_ask_hide';

export function desktopHandlers(host: ScriptedHost): Pick<Handlers, DesktopCommand> {
  return {
    opening_take: () => host.openings.splice(0),
    login_start_get: () => host.loginStart,
    login_start_set: ({ on }) => (host.loginStart = { ...host.loginStart, is_on: on }),
    window_open: ({ conversation_id }) => {
      host.windows.push(conversation_id);
      return {};
    },
    window_show: ({ conversation_id }) => {
      host.openings.push({ type: 'conversation', conversation_id });
      return {};
    },
    quick_ask_get: () => host.quickAsk,
    quick_ask_hide: () => ({}),
  };
}
