import { afterEach, describe, expect, it } from 'vitest';
import type { UpdateStatus } from '$/gen/protocol';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { FOUND } from '$/lib/backend/scripted/updates';
import { Sirocco } from '$/lib/state';
import { tellOfUpdates } from './updateNews';

let stop = () => {};
afterEach(() => stop());

function told(updates?: UpdateStatus) {
  const backend = new ScriptedBackend(updates ? { updates } : {});
  const state = new Sirocco(backend);
  stop = tellOfUpdates(state);
  const emit = () => backend.emit({ type: 'update_changed', status: FOUND });
  const texts = () => state.toasts.items.map((toast) => toast.text);
  return { state, emit, texts };
}

describe('a newer version', () => {
  it('is told of once, and leads to the settings', async () => {
    const { state, emit, texts } = told();
    emit();
    emit();
    expect(texts()).toEqual(['Sirocco 0.2.0 is there']);
    state.toasts.items[0]?.action?.run();
    expect([state.navigation.view, state.navigation.settingsRow]).toEqual(['settings', 'updates']);
  });

  it('that was found before the page was there is told of too', async () => {
    const { emit, texts } = told(FOUND);
    await Promise.resolve();
    await Promise.resolve();
    emit();
    expect(texts()).toEqual(['Sirocco 0.2.0 is there']);
  });

  it('is not told of to who looks at it', () => {
    const { state, emit, texts } = told();
    state.navigation.openSettings();
    emit();
    expect(texts()).toEqual([]);
  });
});
