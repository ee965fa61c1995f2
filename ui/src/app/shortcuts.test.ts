import { describe, expect, it, vi } from 'vitest';
import { Actions } from '$/lib/state/actions.svelte';
import { AppState } from '$/lib/state/app.svelte';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { handleShortcut } from './shortcuts';

function pressed(more: { available?: () => boolean } = {}, init: KeyboardEventInit = {}) {
  const actions = new Actions(new AppState(new ScriptedBackend()));
  const run = vi.fn();
  actions.add([{ id: 'palette', group: 'view', label: 'Find', keys: ['Mod+K'], run, ...more }]);
  const event = new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, cancelable: true, ...init });
  handleShortcut(event, actions);
  return { run, event };
}

describe('a key press', () => {
  it('runs the action that has these keys', () => {
    const { run, event } = pressed();
    expect([run.mock.calls.length, event.defaultPrevented]).toEqual([1, true]);
  });

  it('that means what cannot be done now does nothing, also not what the browser would', () => {
    const { run, event } = pressed({ available: () => false });
    expect([run.mock.calls.length, event.defaultPrevented]).toEqual([0, true]);
  });

  it('that is none of ours, or composes a character, is left alone', () => {
    for (const init of [{ key: 'j' }, { isComposing: true }]) {
      const { run, event } = pressed({}, init);
      expect([run.mock.calls.length, event.defaultPrevented]).toEqual([0, false]);
    }
  });

  it('belongs to an open dialog', () => {
    document.body.innerHTML = '<div role="dialog" class="kit-dialog"></div>';
    const { run } = pressed();
    document.body.innerHTML = '';
    expect(run).not.toHaveBeenCalled();
  });
});
