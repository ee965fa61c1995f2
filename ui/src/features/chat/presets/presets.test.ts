import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { NO_PARAMETERS, NO_VALUES } from '$/lib/layers';
import { Sirocco, siroccoContext } from '$/lib/state';
import ParametersPanel from '../ParametersPanel.svelte';
import { ChatSession } from '../state/session.svelte';
import { PresetActions } from './actions.svelte';

async function started(settings: object = {}) {
  const backend = new ScriptedBackend({ loaded: ['m-coder'], settings });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const chat = new ChatSession(state);
  chat.start();
  const first = [...backend.stored.keys()][1] ?? '';
  await chat.open(first);
  const kept = async () => {
    chat.saveSettings();
    await waitFor(() => expect(chat.changedSettings).toEqual({}));
    return backend.stored.get(first)?.conversation.settings;
  };
  const presets = () => backend.call('preset_list', {});
  return { backend, state, chat, kept, presets, first };
}

async function panel(settings: object = {}) {
  const all = await started(settings);
  render(ParametersPanel, { context: siroccoContext(all.state), props: { chat: all.chat } });
  const field = (name: string) => screen.findByRole<HTMLInputElement>('textbox', { name });
  const row = async (name: string) => within((await field(name)).parentElement as HTMLElement);
  return { ...all, field, row };
}

async function acting(settings: object = {}) {
  const all = await started(settings);
  const actions = new PresetActions(all.state, all.chat);
  const ask = () => all.chat.inherited.ask('m-coder', all.chat.presetChoice);
  const choose = async (id: string | null) => {
    actions.choose(id);
    await ask();
  };
  await ask();
  await actions.learn();
  const undo = () => all.state.toasts.items.find((one) => one.action)?.action?.run();
  return { ...all, actions, ask, choose, undo };
}

describe('the thinking of a model', () => {
  it('is chosen where its template lets it be, and goes back to what holds below', async () => {
    const { chat, kept } = await panel();
    await chat.chooseModel('m-llama');
    await fireEvent.keyDown(await screen.findByLabelText('Reasoning: As the model does by itself'), { key: 'ArrowDown' });
    const options = await screen.findAllByRole('option');
    expect(options.map((one) => one.textContent?.trim())).toEqual(['As the model does by itself', 'Off', 'On']);
    chat.changeSettings({ parameters: { ...NO_PARAMETERS, reasoning: 'off' } });
    expect((await kept())?.values.parameters.reasoning).toBe('off');
    await fireEvent.click(await screen.findByRole('button', { name: 'Reset Reasoning to As the model does by itself (default)' }));
    expect((await kept())?.values).toEqual(NO_VALUES);
  });

  it('cannot be chosen where the template says nothing of it, and says so', async () => {
    await panel();
    const select = await screen.findByLabelText<HTMLButtonElement>('Reasoning: As the model does by itself');
    expect(select.disabled).toBe(true);
    expect(screen.getByText('The chat template of this model does not let this be chosen.')).toBeTruthy();
  });
});

describe('the parameters', () => {
  it('say which layer each value comes from, but for what nobody chose', async () => {
    const { chat, row } = await panel({ default_parameters: { ...NO_PARAMETERS, top_p: 0.5, temperature: 0.9 } });
    expect((await row('Top k')).queryByText('default')).toBeNull();
    expect((await row('Top p')).getByText('your default')).toBeTruthy();
    chat.changeSettings({ preset_id: 'p-code' });
    await waitFor(async () => expect((await row('Temperature')).getByText('preset')).toBeTruthy());
    expect((await row('Top p')).getByText('your default')).toBeTruthy();
  });

  it('set here go back to what holds below with one click', async () => {
    const { chat, field, row, kept } = await panel();
    chat.changeSettings({ preset_id: 'p-code' });
    await waitFor(async () => expect((await field('Temperature')).value).toBe('0.20'));
    await fireEvent.change(await field('Temperature'), { target: { value: '0.4' } });
    expect((await row('Temperature')).getByText('set here')).toBeTruthy();
    expect((await kept())?.values.parameters.temperature).toBe(0.4);
    await fireEvent.click((await row('Temperature')).getByRole('button', { name: 'Reset Temperature to 0.20 (preset)' }));
    expect((await field('Temperature')).value).toBe('0.20');
    expect((await kept())?.values).toEqual(NO_VALUES);
  });

  it('are not set here by a value that holds anyway', async () => {
    const { field, kept } = await panel();
    await fireEvent.change(await field('Temperature'), { target: { value: '0.7' } });
    expect((await kept())?.values).toEqual(NO_VALUES);
  });

  it('keep what is being typed when the values of a preset arrive', async () => {
    const { chat, field } = await panel();
    const temperature = await field('Temperature');
    await fireEvent.input(temperature, { target: { value: '1.2' } });
    chat.changeSettings({ preset_id: 'p-code' });
    await waitFor(async () => expect((await field('Top k')).value).toBe('20'));
    expect(temperature.value).toBe('1.2');
    await fireEvent.change(temperature);
    expect(temperature.value).toBe('1.20');
    await screen.findByText('1 value differs from the preset');
  });

  it('show what holds again when the typed text is no number', async () => {
    const { field } = await panel();
    const temperature = await field('Temperature');
    await fireEvent.input(temperature, { target: { value: 'warm' } });
    await fireEvent.change(temperature);
    await waitFor(() => expect(temperature.value).toBe('0.70'));
  });

  it('can have an empty system prompt, or the one below again', async () => {
    const { field, kept } = await panel({ default_system_prompt: 'Be brief.' });
    const prompt = await field('System prompt');
    await waitFor(() => expect(prompt.value).toBe('Be brief.'));
    await fireEvent.input(prompt, { target: { value: '' } });
    expect((await kept())?.values.system_prompt).toBe('');
    await fireEvent.click(screen.getByRole('button', { name: 'Reset System prompt (your default)' }));
    expect(prompt.value).toBe('Be brief.');
    expect((await kept())?.values.system_prompt).toBeNull();
  });

  it('follow the settings when those change', async () => {
    const { state, field } = await panel();
    await waitFor(async () => expect((await field('Temperature')).value).toBe('0.70'));
    await state.app.updateSettings({ default_parameters: { ...NO_PARAMETERS, temperature: 0.1 } });
    await waitFor(async () => expect((await field('Temperature')).value).toBe('0.10'));
  });
});

describe('a preset', () => {
  it('shows what differs from it, and takes it over when it is saved', async () => {
    const { chat, field, kept, presets } = await panel();
    chat.changeSettings({ preset_id: 'p-code' });
    await waitFor(async () => expect((await field('Temperature')).value).toBe('0.20'));
    await fireEvent.change(await field('Temperature'), { target: { value: '0.4' } });
    const summary = await screen.findByText('1 value differs from the preset');
    await fireEvent.click(summary);
    expect(await screen.findByText(/0\.40 instead of 0\.20/)).toBeTruthy();
    await fireEvent.click(screen.getByRole('button', { name: 'Save to preset' }));
    await waitFor(async () => expect((await presets())[0]?.values.parameters.temperature).toBe(0.4));
    expect((await kept())?.values).toEqual(NO_VALUES);
    await waitFor(() => expect(screen.queryByText(/differs? from the preset/)).toBeNull());
    expect((await presets())[0]?.values.parameters.top_k).toBe(20);
  });

  it('shows which lines of the system prompt and of the schema are others now', async () => {
    const { chat } = await panel();
    const structured_output = '{\n  "type": "object"\n}';
    chat.changeSettings({
      preset_id: 'p-code',
      system_prompt: 'You are an experienced engineer.\nShow code first.',
      parameters: { ...NO_PARAMETERS, structured_output },
    });
    await fireEvent.click(await screen.findByText('2 values differ from the preset'));
    const lines = (name: string) =>
      within(screen.getByRole('list', { name })).getAllByRole('listitem').map((one) => one.textContent?.replace(/\s+/gu, ' ').trim());
    expect(lines('System prompt: saved and now')).toEqual(['You are an experienced engineer.', '+ now: Show code first.']);
    expect(lines('Structured output: saved and now')).toEqual(['+ now: {', '+ now: "type": "object"', '+ now: }']);
    chat.changeSettings({ system_prompt: '' });
    expect(await screen.findByText('saved:')).toBeTruthy();
  });

  it('is reverted to', async () => {
    const { chat, field, kept } = await panel();
    chat.changeSettings({ preset_id: 'p-code', system_prompt: 'Other', parameters: { ...NO_PARAMETERS, seed: 3 } });
    await screen.findByText('2 values differ from the preset');
    await fireEvent.click(screen.getByRole('button', { name: 'Revert' }));
    expect((await field('System prompt')).value).toBe('You are an experienced engineer.');
    expect(await kept()).toEqual({ preset_id: 'p-code', values: NO_VALUES });
  });

  it('is made from what holds now, and the chat is based on it', async () => {
    const { chat, actions, presets, kept } = await acting({ default_system_prompt: 'Be brief.' });
    chat.changeSettings({ parameters: { ...NO_PARAMETERS, seed: 3 } });
    await actions.saveAs('Mine');
    const made = (await presets()).find((one) => one.name === 'Mine');
    expect(made?.values).toEqual({ system_prompt: 'Be brief.', parameters: { ...NO_PARAMETERS, seed: 3 } });
    expect(await kept()).toEqual({ preset_id: made?.id, values: NO_VALUES });
  });

  it('can be renamed, duplicated, and deleted with a way back', async () => {
    const { actions, choose, ask, undo, presets, chat } = await acting();
    const names = async () => (await presets()).map((one) => one.name).sort();
    await choose('p-code');
    await actions.rename('Code');
    await actions.duplicate();
    await ask();
    expect(await names()).toEqual(['Code', 'Code (copy)', 'Stories']);
    await actions.remove();
    expect(await names()).toEqual(['Code', 'Stories']);
    // It still holds in this chat.
    await ask();
    expect(chat.inherited.value?.values.parameters.temperature).toBe(0.2);
    undo();
    await waitFor(async () => expect(await names()).toEqual(['Code', 'Code (copy)', 'Stories']));
    expect(chat.presets.items.map((one) => one.name)).toEqual(['Code', 'Code (copy)', 'Stories']);
  });

  it('becomes the one of new chats, in general or with one model, and stops being it', async () => {
    const { actions, choose, backend } = await acting();
    await choose('p-code');
    await actions.toggleStandard();
    expect(backend.settings.default_preset_id).toBe('p-code');
    await choose('p-story');
    await actions.toggleStandardOfModel();
    expect(backend.modelDefaults.get('m-coder')).toEqual({ preset_id: 'p-story' });
    const begun = async (model_id: string) => (await backend.call('conversation_create', { model_id })).settings.preset_id;
    expect(await begun('m-coder')).toBe('p-story');
    expect(await begun('m-llama')).toBe('p-code');
    await actions.toggleStandardOfModel();
    expect(await begun('m-coder')).toBe('p-code');
  });

  it('gives its values to the model as defaults, and they can be taken away', async () => {
    const { actions, choose, backend } = await acting();
    await choose('p-story');
    await actions.toggleModelDefaults();
    expect(backend.modelDefaults.get('m-coder')?.values?.parameters.temperature).toBe(1.1);
    expect(actions.hasModelDefaults).toBe(true);
    await actions.toggleModelDefaults();
    expect(backend.modelDefaults.get('m-coder')?.values).toBeNull();
  });

  it('says after an import what was left out, and can be used here', async () => {
    const { actions, undo, chat } = await acting();
    await actions.importTyped('/tmp/a.preset.json');
    expect(actions.leftOut).toEqual({ name: 'Imported', lines: ['llm.prediction.llama.cpuThreads: it has no place here'] });
    undo();
    const imported = chat.presets.items.find((one) => one.name === 'Imported');
    expect(chat.presetChoice).toEqual({ type: 'preset', id: imported?.id });
  });

  it('tells where it was exported to', async () => {
    const { actions, choose, state } = await acting();
    await choose('p-code');
    await actions.exportTyped('/tmp');
    expect(state.toasts.items.at(-1)?.text).toBe('Exported to /tmp/Careful code.preset.json');
  });

  it('keeps its name field open with the reason when it is refused', async () => {
    const { backend, actions } = await acting();
    backend.fail('preset_create', { message: 'the disk is full' });
    await expect(actions.saveAs('Mine')).rejects.toMatchObject({ message: 'the disk is full' });
  });
});
