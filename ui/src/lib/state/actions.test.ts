import { describe, expect, it, vi } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Actions, type Action } from './actions.svelte';
import { AppState } from './app.svelte';

const press = (key: string) => new KeyboardEvent('keydown', { key, ctrlKey: true });
const action = (id: string, keys: string[], more: Partial<Action> = {}): Action => ({ id, group: 'view', label: id, keys, run: vi.fn(), ...more });

async function table(shortcuts: Record<string, string> = {}) {
  const backend = new ScriptedBackend({ settings: { shortcuts } });
  const app = new AppState(backend);
  await app.load();
  const actions = new Actions(app);
  const stop = actions.add([action('list', ['Mod+B']), action('picker', ['Mod+L', 'Mod+M'])]);
  return { backend, app, actions, stop };
}

describe('the table of actions', () => {
  it('is in the order of its groups, whoever comes first', async () => {
    const { actions, stop } = await table();
    actions.add([action('chat', [], { group: 'chat' }), action('go', [], { group: 'go' })]);
    expect(actions.all.map(({ id }) => id)).toEqual(['go', 'list', 'picker', 'chat']);
    stop();
    expect(actions.all.map(({ id }) => id)).toEqual(['go', 'chat']);
  });

  it('finds an action by each of its keys', async () => {
    const { actions } = await table();
    expect([actions.at(press('l'))?.id, actions.at(press('m'))?.id, actions.at(press('x'))]).toEqual(['picker', 'picker', null]);
    expect(actions.keyOf('picker')).toBe('Mod+L');
    expect(actions.keyOf('nobody')).toBeUndefined();
  });
});

describe('chosen keys', () => {
  it('take the place of the usual ones and are kept', async () => {
    const { actions, backend } = await table();
    await actions.choose('picker', 'Mod+J');
    expect([actions.at(press('j'))?.id, actions.at(press('l')), actions.at(press('m'))]).toEqual(['picker', null, null]);
    expect(backend.settings.shortcuts).toEqual({ picker: 'Mod+J' });
    expect(actions.isChanged('picker')).toBe(true);
  });

  it('are taken from the action that had them', async () => {
    const { actions, backend } = await table();
    expect(actions.holderOf('Mod+B', 'picker')?.id).toBe('list');
    await actions.choose('picker', 'Mod+B');
    expect(actions.at(press('b'))?.id).toBe('picker');
    expect(backend.settings.shortcuts).toEqual({ list: '', picker: 'Mod+B' });
    expect(actions.keysOf('list')).toEqual([]);
  });

  it('come before usual ones that a later version gave to another action', async () => {
    const { actions } = await table({ picker: 'Mod+B' });
    expect(actions.at(press('b'))?.id).toBe('picker');
  });

  it('go back to the usual ones, and from whoever took those', async () => {
    const { actions, backend } = await table({ list: '', picker: 'Mod+B' });
    await actions.reset('list');
    expect(actions.at(press('b'))?.id).toBe('list');
    expect(backend.settings.shortcuts).toEqual({ picker: '' });
    await actions.resetAll();
    expect([actions.at(press('l'))?.id, actions.anyChanged]).toEqual(['picker', false]);
  });
});
