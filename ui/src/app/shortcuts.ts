/** Keys run the actions of the table. A dialog that is open keeps its keys to itself. */
import type { Actions } from '$/lib/state/actions.svelte';

/** Runs the action of a key press, if it is one of ours. */
export function handleShortcut(event: KeyboardEvent, actions: Actions): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (document.querySelector('[role="dialog"].kit-dialog')) return;
  const action = actions.at(event);
  if (!action) return;
  // Also where it cannot be done now: the browser's own meaning of these keys would surprise.
  event.preventDefault();
  if (action.available?.() ?? true) action.run();
}
