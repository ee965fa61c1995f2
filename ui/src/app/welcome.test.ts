import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco } from '$/lib/state';
import { Welcome } from './welcome.svelte';

async function firstStart() {
  const full = new ScriptedBackend();
  const model = (await full.call('model_list', {})).find((one) => one.verdict.type === 'runs');
  const backend = new ScriptedBackend({ models: [], conversations: 0 });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const welcome = new Welcome();
  welcome.consider(state);
  const arrive = () => model && backend.emit({ type: 'model_changed', model });
  return { state, welcome, arrive };
}

describe('the first start page', () => {
  it('stays while a model appears under it', async () => {
    const { state, welcome, arrive } = await firstStart();
    expect(welcome.shown).toBe(true);
    arrive();
    welcome.consider(state);
    expect(welcome.shown).toBe(true);
  });

  it('is gone for who found a model elsewhere', async () => {
    const { state, welcome, arrive } = await firstStart();
    state.navigation.openDiscover(null);
    welcome.consider(state);
    expect(welcome.shown).toBe(true);
    arrive();
    welcome.consider(state);
    expect(welcome.shown).toBe(false);
  });

  it('is gone once a conversation is open', async () => {
    const { state, welcome } = await firstStart();
    state.navigation.openConversation('c-1');
    welcome.consider(state);
    expect(welcome.shown).toBe(false);
  });
});
