/** Files from outside: dropped onto the window, or opened by the system. */
import { attachPaths } from '$/features/chat';
import type { PickedPath } from '$/gen/protocol';
import { importPaths } from '$/lib/importing';
import type { Sirocco } from '$/lib/state';
import { isExchangeFile } from '$/lib/state/exchange.svelte';

/** Exports go to the import of conversations, models to the library, the rest to the message that is being written. */
export function takePaths(state: Sirocco, paths: PickedPath[]): void {
  const exports = paths.filter(isExchangeFile);
  const others = paths.filter((path) => !isExchangeFile(path));
  if (exports.length > 0) void state.exchange.read(exports);
  // Over a chat, a file that is no model is something to talk about.
  const attached = others.filter((path) => state.navigation.view === 'chat' && !path.is_folder && !/\.gguf$/i.test(path.path));
  const models = others.filter((path) => !attached.includes(path));
  if (attached.length > 0) attachPaths(state, attached);
  if (models.length > 0) void importPaths(state, models);
}
