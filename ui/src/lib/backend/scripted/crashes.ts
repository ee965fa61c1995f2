/** Crash reports of the scripted backend. */
import type { Crash, Event } from '$/gen/protocol';
import { missing, type Handlers } from './host';

type CrashCommand = 'crash_list' | 'crash_read' | 'crash_reveal' | 'crash_delete' | 'crash_take';

const AT = Date.UTC(2026, 8, 20, 10, 30);

export const CRASHES: Crash[] = [
  { id: 'crash-3', at_ms: AT, version: '0.1.0', kind: { type: 'unclosed', since_ms: AT - 3_600_000 } },
  { id: 'crash-2', at_ms: AT - 86_400_000, version: '0.1.0', kind: { type: 'worker', model: 'Qwen3-8B-Q4_K_M.gguf', deed: 'answering' } },
  { id: 'crash-1', at_ms: AT - 172_800_000, version: '0.1.0', kind: { type: 'panic', program: 'sirocco-desktop' } },
];

/** `news` is the crash that the run before ended with. */
export function crashHandlers(host: { emit(event: Event): void }, kept: Crash[], news: Crash | null): Pick<Handlers, CrashCommand> {
  let crashes = kept;
  let untold = news;
  const text = ({ id }: { id: string }): string => {
    const crash = crashes.find((one) => one.id === id);
    if (!crash) throw missing('report');
    return `Sirocco ${crash.version} on Debian GNU/Linux 12 (x86_64)\n\n${JSON.stringify(crash.kind)}\n`;
  };
  return {
    crash_list: () => ({ folder: '/home/ada/.local/share/sirocco/crashes', crashes }),
    crash_read: text,
    crash_reveal: (request) => {
      text(request);
      return {};
    },
    crash_delete: ({ id }) => {
      crashes = id == null ? [] : crashes.filter((one) => one.id !== id);
      host.emit({ type: 'crashes_changed', crashes });
      return {};
    },
    crash_take: () => {
      const told = untold;
      untold = null;
      return told;
    },
  };
}
