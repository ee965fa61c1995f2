import { describe, expect, it, vi } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { NO_PARAMETERS } from '$/lib/layers';
import type { PagePlace } from '$/lib/pagePlace';
import { Sirocco } from '$/lib/state';
import { ChatSession } from './session.svelte';

async function started(place: PagePlace = { type: 'main' }) {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const state = new Sirocco(backend, place);
  state.start();
  await state.reload();
  const chat = new ChatSession(state);
  const updates = () => backend.calls.filter((call) => call.command === 'conversation_update').map((call) => call.request);
  const [first, second] = [...backend.stored.keys()] as [string, string];
  return { backend, state, chat, updates, first, second };
}

describe('changed settings', () => {
  it('are kept in their own conversation when another is opened', async () => {
    const { backend, chat, updates, first, second } = await started();
    await chat.open(first);
    chat.changeSettings({ system_prompt: 'Be brief.' });
    await chat.open(second);
    const kept = backend.stored.get(first)?.conversation.settings.values.parameters;
    expect(updates()).toEqual([{ id: first, settings: { preset_id: null, values: { system_prompt: 'Be brief.', parameters: kept } } }]);
    expect(chat.changedSettings).toEqual({});
  });

  it('are kept before the message that is sent at once', async () => {
    const { backend, chat, first } = await started();
    await chat.open(first);
    chat.changeSettings({ parameters: { ...NO_PARAMETERS, temperature: 0 } });
    chat.draft.text = 'Hello';
    await chat.send();
    const order = backend.calls.map((call) => call.command).filter((name) => name === 'conversation_update' || name === 'message_send');
    expect(order.slice(0, 2)).toEqual(['conversation_update', 'message_send']);
  });

  it('still wait when the backend refused them', async () => {
    const { backend, state, chat, first } = await started();
    await chat.open(first);
    backend.fail('conversation_update', { message: 'the disk is full' });
    chat.changeSettings({ system_prompt: 'Be brief.' });
    chat.saveSettings();
    await vi.waitFor(() => expect(state.toasts.items).toHaveLength(1));
    expect(chat.changedSettings).toEqual({ system_prompt: 'Be brief.' });
    backend.succeed('conversation_update');
    chat.saveSettings();
    await vi.waitFor(() => expect(chat.changedSettings).toEqual({}));
  });
});

describe('the preset of a chat', () => {
  it('is the standard one in a new chat until another is chosen, and its own afterwards', async () => {
    const { chat, first } = await started();
    expect(chat.presetChoice).toEqual({ type: 'standard' });
    chat.changeSettings({ preset_id: null });
    expect(chat.presetChoice).toEqual({ type: 'none' });
    chat.changeSettings({ preset_id: 'p' });
    expect(chat.presetChoice).toEqual({ type: 'preset', id: 'p' });
    await chat.open(first);
    expect(chat.presetChoice).toEqual({ type: 'none' });
  });

  it('is sent with the settings that the first message was written under', async () => {
    const { chat, updates } = await started();
    chat.changeSettings({ preset_id: 'p-code' });
    chat.draft.text = 'Hello';
    await chat.send();
    expect(updates()[0]).toMatchObject({ settings: { preset_id: 'p-code' } });
  });
});

describe('a new chat', () => {
  it('keeps what was chosen and written for it while another conversation is open', async () => {
    const { chat, first } = await started();
    await chat.chooseModel('m-llama');
    chat.changeSettings({ system_prompt: 'Be brief.' });
    chat.draft.change('Hello');
    await chat.open(first);
    expect(chat.model?.id).not.toBe('m-llama');
    await chat.open(null);
    expect(chat.model?.id).toBe('m-llama');
    expect(chat.changedSettings).toEqual({ system_prompt: 'Be brief.' });
    expect(chat.draft.text).toBe('Hello');
  });

  it('keeps what is written for it over a restart, until it is sent', async () => {
    const { chat, first } = await started();
    chat.start();
    chat.draft.change('Half a');
    chat.draft.change('Half a question');
    window.dispatchEvent(new Event('pagehide'));
    const again = (await started()).chat;
    expect(again.draft.text).toBe('Half a question');
    await again.open(first);
    expect(again.draft.text).toBe('');
    await again.open(null);
    expect(again.draft.text).toBe('Half a question');
    expect(await again.send()).toBe('sent');
    expect((await started()).chat.draft.text).toBe('');
  });

  it('forgets what was taken away again', async () => {
    const { chat } = await started();
    chat.draft.change('No');
    await chat.draft.flush();
    chat.draft.change('');
    await chat.draft.flush();
    expect((await started()).chat.draft.text).toBe('');
  });

  it('keeps nothing of a temporary chat, nor of a window beside the main one', async () => {
    const { state, chat } = await started();
    chat.start();
    chat.temporary.begin();
    await vi.waitFor(() => expect(state.navigation.conversationId).not.toBeNull());
    await chat.open(state.navigation.conversationId);
    chat.draft.change('A secret');
    await chat.draft.flush();
    expect((await started()).chat.draft.text).toBe('');
    const beside = (await started({ type: 'quick' })).chat;
    beside.draft.change('A quick question');
    await beside.draft.flush();
    expect((await started()).chat.draft.text).toBe('');
  });

  it('begins anew once its first message was sent', async () => {
    const { chat, updates } = await started();
    await chat.chooseModel('m-llama');
    chat.changeSettings({ system_prompt: 'Be brief.' });
    chat.draft.text = 'Hello';
    await chat.send();
    expect(updates()[0]).toMatchObject({ settings: { values: { system_prompt: 'Be brief.' } } });
    expect(chat.chosenModelId).toBeNull();
    expect(chat.chosenSettings).toEqual({});
  });
});

describe('a conversation that could not be read', () => {
  it('shows no draft of another chat, and its own when asked again', async () => {
    const { backend, chat, first, second } = await started();
    const stored = backend.stored.get(first);
    if (!stored) throw new Error('the script has no conversation');
    stored.conversation.draft = 'its own';
    chat.draft.change('for the new chat');
    await chat.open(second);
    backend.fail('conversation_get', { message: 'no' });
    await chat.open(first);
    expect(chat.current.state.type).toBe('failed');
    expect(chat.draft.text).toBe('');
    backend.succeed('conversation_get');
    await chat.reload();
    expect(chat.draft.text).toBe('its own');
  });
});
