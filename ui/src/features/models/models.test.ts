import { describe, expect, it, vi } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { BackendError } from '$/lib/backend';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { scriptedModels } from '$/lib/backend/scripted/models';
import type { MeasureStep, MemoryFit, Model } from '$/gen/protocol';
import { Sirocco, siroccoContext } from '$/lib/state';
import { fitTone, LoadChoice } from './load-options.svelte';
import LoadOptions from './LoadOptions.svelte';
import { LibraryList } from './library-list.svelte';
import LibraryColumn from './LibraryColumn.svelte';
import { bitsPerWeight, matching } from './matching';
import ModelPage from './ModelPage.svelte';
import ModelPicker from './ModelPicker.svelte';
import FoldersPage from './FoldersPage.svelte';
import { PickerState } from './picker.svelte';

async function started(options: ScriptedOptions = {}) {
  const backend = new ScriptedBackend(options);
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.models.state.type).toBe('ready'));
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  return { all, backend, user: userEvent.setup(), context: siroccoContext(all) };
}

const byId = (id: string) => scriptedModels().find((model) => model.id === id) as Model;

describe('finding models', () => {
  it('matches all words anywhere a person would look', () => {
    const ids = (query: string) => matching(scriptedModels(), query).map((model) => model.id);
    expect(ids('qwen q4')).toEqual(['m-coder']);
    expect(ids('LLAMA')).toEqual(['m-llama', 'm-iq', 'm-long', 'm-away']);
    expect(ids('8b')).toEqual(['m-long', 'm-away']);
    expect(ids('  ')).toHaveLength(9);
    expect(ids('nothing like it')).toEqual([]);
  });

  it('works out bits per weight', () => {
    expect(bitsPerWeight(byId('m-llama'))).toBeCloseTo(5.03, 2);
    expect(bitsPerWeight({ ...byId('m-llama'), parameter_count: 0 })).toBeNull();
  });
});

describe('the choice of load options', () => {
  const fit = (total_bytes: number): MemoryFit => ({
    context_length: 1,
    weights_bytes: 0,
    kv_bytes: 0,
    compute_bytes: 0,
    total_bytes,
    available_bytes: 100,
    fits: total_bytes <= 100,
    largest_context_length: null,
  });

  it('is green, amber when barely, red when not', () => {
    expect([50, 95, 101].map((total) => fitTone(fit(total)))).toEqual(['success', 'warning', 'danger']);
  });

  it('asks one question at a time and ends with the last', async () => {
    const { all, backend } = await started();
    const choice = new LoadChoice(byId('m-llama'), all.app, all.models);
    backend.calls.length = 0;
    for (const tokens of [1024, 2048, 4096, 8192, 16_384]) choice.setContext(tokens);
    await waitFor(() => expect(choice.fit?.context_length).toBe(16_384));
    expect(backend.calls.length).toBeLessThanOrEqual(2);
  });

  it('starts with the default, at most what the model was trained for', async () => {
    const { all } = await started({ settings: { default_context_length: 65_536 } });
    expect(new LoadChoice(byId('m-coder'), all.app, all.models).contextLength).toBe(32_768);
  });
});

describe('the load options', () => {
  it('ask again what fits when another model takes memory', async () => {
    const { backend, context } = await started({ loaded: ['m-coder'] });
    render(LoadOptions, { props: { model: byId('m-llama') }, context });
    const asked = () => backend.calls.filter((call) => call.command === 'model_fit').length;
    await waitFor(() => expect(asked()).toBe(1));
    backend.emit({ type: 'ejected', model_id: 'm-coder' });
    await waitFor(() => expect(asked()).toBe(2));
  });

  it('load the model they were opened for, though another is shown while it is ejected', async () => {
    const { backend, user, context } = await started({ loaded: ['m-coder'] });
    const { rerender } = render(LoadOptions, { props: { model: byId('m-coder') }, context });
    const threads = screen.getByRole('spinbutton', { name: 'Threads' });
    await user.clear(threads);
    await user.type(threads, '2{Enter}');
    const call = backend.call.bind(backend);
    let eject = () => {};
    vi.spyOn(backend, 'call').mockImplementation((async (command: 'model_eject', request: never) => {
      if (command === 'model_eject') await new Promise<void>((resolve) => (eject = resolve));
      return call(command, request);
    }) as never);
    await user.click(await screen.findByRole('button', { name: 'Load again' }));
    await rerender({ model: byId('m-llama') });
    eject();
    await waitFor(() => expect(backend.calls.find((one) => one.command === 'model_load')?.request).toMatchObject({ id: 'm-coder' }));
  });
});

describe('the speed of a model', () => {
  it('is measured on its page, and shown from then on', async () => {
    const { context, user } = await started({ installed: ['mistralrs', 'llamacpp'] });
    render(ModelPage, { props: { model: byId('m-llama') }, context });
    await screen.findByText(/Not measured yet/);
    await user.click(screen.getByRole('button', { name: 'Measure Llama 3.2 3B Instruct' }));
    await screen.findByText('24 tok/s');
    expect(screen.getByText('21 tok/s')).toBeTruthy();
    expect(screen.getByText(/^Measured on .* on AMD Ryzen 7 7840U\.$/)).toBeTruthy();
    expect(screen.getByText(/reads 301 tok\/s/)).toBeTruthy();
  });

  it('tells what the measurement is at, and is stopped without a complaint', async () => {
    const { backend, context, user } = await started();
    const call = backend.call.bind(backend);
    let stop = () => {};
    vi.spyOn(backend, 'call').mockImplementation((async (command: 'model_measure', request: never) => {
      if (command !== 'model_measure') return call(command, request);
      await new Promise<void>((resolve) => (stop = resolve));
      throw new BackendError({ code: 'conflict', message: 'the measurement was stopped', hint: null, trace_id: '' });
    }) as never);
    render(ModelPage, { props: { model: byId('m-llama') }, context });
    await user.click(await screen.findByRole('button', { name: 'Measure Llama 3.2 3B Instruct' }));
    const tell = (step: MeasureStep) => backend.emit({ type: 'measuring_moved', model_id: 'm-llama', runtime: 'mistralrs', step });
    tell({ type: 'loading', progress: 0.5 });
    await screen.findByText('mistral.rs loads it');
    tell({ type: 'answering', prompt_tokens: 512, done: 1, total: 4 });
    await screen.findByText('mistral.rs: answer 2 of 4');
    expect(screen.getByRole('progressbar', { name: 'Measuring Llama 3.2 3B Instruct' }).getAttribute('aria-valuenow')).toBe('25');
    await user.click(screen.getByRole('button', { name: 'Stop' }));
    stop();
    await screen.findByText(/Not measured yet/);
    expect(screen.queryByText(/was stopped/)).toBeNull();
  });

  it('says why it could not be measured', async () => {
    const { backend, context, user } = await started();
    backend.fail('model_measure', { code: 'conflict', message: 'the model is in use', hint: null, trace_id: '' });
    render(ModelPage, { props: { model: byId('m-llama') }, context });
    await user.click(await screen.findByRole('button', { name: 'Measure Llama 3.2 3B Instruct' }));
    await screen.findByText('The model is in use.');
  });
});

describe('the picker', () => {
  it('shows what runs first and the reason of what does not', async () => {
    const { all } = await started();
    const picker = new PickerState(all);
    expect(picker.shown.slice(-3).map((model) => model.verdict.type)).toEqual(['offline', 'refused', 'missing']);
    picker.search('llama');
    expect(picker.shown.map((model) => model.id)).toEqual(['m-llama', 'm-long', 'm-iq', 'm-away']);
    picker.move(-1);
    expect(picker.highlighted).toBe(3);
  });

  it('offers nothing that only embeds, which the library shows as such', async () => {
    const { all, backend, context } = await started();
    const embedder: Model = { ...byId('m-ollama'), id: 'm-embed', name: 'Nomic Embed', verdict: { type: 'embeds' } };
    backend.emit({ type: 'model_changed', model: embedder });
    await waitFor(() => expect(all.models.model('m-embed')).not.toBeNull());
    const picker = new PickerState(all);
    picker.search('nomic');
    expect(picker.shown).toEqual([]);
    render(ModelPage, { props: { model: embedder }, context });
    expect(screen.getByText(/turns texts into vectors/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'New chat' })).toBeNull();
  });

  it('is chosen from with the keyboard alone, and loads what was chosen', async () => {
    const { all, backend, user, context } = await started();
    const onChoose = vi.fn();
    render(ModelPicker, { props: { modelId: null, onChoose }, context });
    await user.click(screen.getByRole('button', { name: 'Choose a model' }));
    const search = await screen.findByRole('combobox', { name: 'Search models' });
    await waitFor(() => expect(document.activeElement).toBe(search));
    await user.type(search, '3b instruct');
    await user.keyboard('{Enter}');
    expect(onChoose).toHaveBeenCalledWith('m-llama');
    await waitFor(() => expect(all.models.loadedState('m-llama')?.state.type).toBe('loading'));
    expect(backend.calls.some((call) => call.command === 'model_load')).toBe(true);
  });

  it('shows what is on another machine as such, without options for this one', async () => {
    const { all, backend, user, context } = await started({ models: [byId('m-coder')] });
    await backend.call('engine_add', { name: 'Workstation', address: '10.0.0.5:8000', token: '' });
    const remote = all.models.models.find((model) => model.name === 'qwen3-32b') as Model;
    render(ModelPicker, { props: { modelId: remote.id, onChoose: vi.fn() }, context });
    const pill = screen.getByRole('button', { name: /Model:.*qwen3-32b/ });
    expect(within(pill).getByText('Remote')).toBeTruthy();
    await user.click(pill);
    const rows = await screen.findAllByRole('row');
    const options = (row: HTMLElement) => within(row).queryByRole('button', { name: /Load options/ });
    for (const row of rows) expect(options(row) === null).toBe(within(row).queryByText('Remote') !== null);
    expect(screen.getAllByText(/Answers on Workstation/)).toHaveLength(2);
    expect(new LibraryList(all.models).models.map((model) => model.id)).toEqual(['m-coder']);
  });

  it('does not choose a model that is refused', async () => {
    const { backend, user, context } = await started();
    const onChoose = vi.fn();
    render(ModelPicker, { props: { modelId: null, onChoose }, context });
    await user.click(screen.getByRole('button', { name: 'Choose a model' }));
    await user.type(await screen.findByRole('combobox'), 'gemma');
    expect(screen.getByRole('row').getAttribute('aria-disabled')).toBe('true');
    expect(screen.getByText(/gemma3.*not supported/)).toBeTruthy();
    await user.keyboard('{Enter}');
    await user.click(screen.getByRole('row'));
    expect(onChoose).not.toHaveBeenCalled();
    expect(backend.calls.some((call) => call.command === 'model_load')).toBe(false);
  });

  it('opens the load options of a model that does not fit, with the way to load it anyway', async () => {
    const { backend, user, context } = await started();
    render(ModelPicker, { props: { modelId: 'm-qwen14', onChoose: () => {} }, context });
    await user.click(screen.getByRole('button', { name: 'Load Qwen3 14B' }));
    await user.click(await screen.findByRole('button', { name: 'Load anyway' }));
    await waitFor(() =>
      expect(backend.calls.findLast((call) => call.command === 'model_load')?.request).toMatchObject({
        id: 'm-qwen14',
        options: { load_anyway: true },
      }),
    );
  });

  it('shows the load going on inside the button, and ejects', async () => {
    const { all, backend, user, context } = await started({ loaded: ['m-coder'] });
    render(ModelPicker, { props: { modelId: 'm-coder', onChoose: () => {} }, context });
    expect(screen.getByText('mistral.rs · CPU')).toBeTruthy();
    const loaded = { ...backend.loaded.get('m-coder')! };
    backend.emit({ type: 'loaded_changed', loaded: { ...loaded, state: { type: 'loading', progress: 0.42 } } });
    const bar = await screen.findByRole('progressbar', { name: /Loading Qwen2.5/ });
    expect(bar.getAttribute('aria-valuenow')).toBe('42');
    await user.click(screen.getByRole('button', { name: 'Eject Qwen2.5 Coder 0.5B Instruct' }));
    await waitFor(() => expect(all.models.loadedState('m-coder')).toBeNull());
  });

  it('leads to the library when it is empty', async () => {
    const { all, user, context } = await started({ models: [] });
    render(ModelPicker, { props: { modelId: null, onChoose: () => {} }, context });
    await user.click(screen.getByRole('button', { name: 'Choose a model' }));
    await user.click(await screen.findByRole('button', { name: 'Open the library' }));
    expect(all.navigation.view).toBe('library');
  });
});

describe('the library', () => {
  it('renders a screenful of hundreds of models', async () => {
    const [base] = scriptedModels() as [Model];
    const models = Array.from({ length: 800 }, (_, index) => ({ ...base, id: `m${index}`, name: `Model ${index}`, used_at_ms: null }));
    const { context } = await started({ models });
    render(LibraryColumn, { context });
    expect(screen.getByText('800 models')).toBeTruthy();
    expect(screen.getAllByRole('listitem').length).toBeLessThan(60);
  });

  it('forgets a model only after asking, and says that the file stays', async () => {
    const { all, user, context } = await started();
    render(ModelPage, { props: { model: byId('m-iq') }, context });
    expect(screen.getByText(/IQ2_XS are computed slowly/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Forget' }));
    expect(all.models.model('m-iq')).not.toBeNull();
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText(/Its file stays/)).toBeTruthy();
    await user.click(within(dialog).getByRole('button', { name: 'Forget' }));
    await waitFor(() => expect(all.models.model('m-iq')).toBeNull());
  });

  it('shows the reason and no load button for a refused model', async () => {
    const { context } = await started();
    render(ModelPage, { props: { model: byId('m-gemma') }, context });
    expect(screen.getByText(/Architecture `gemma3` is not supported/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Load' })).toBeNull();
  });

  it('takes typed paths in a browser and dialogs in the window', async () => {
    const inBrowser = await started();
    const { unmount } = render(FoldersPage, { context: inBrowser.context });
    await inBrowser.user.type(screen.getByLabelText('Path of a GGUF file or a folder'), 'nowhere{Enter}');
    expect((await screen.findByRole('alert')).textContent).toBe('The path is not absolute. Start it with / or ~.');
    unmount();
    const inWindow = await started({ host: 'window' });
    render(FoldersPage, { context: inWindow.context });
    await inWindow.user.click(screen.getByRole('button', { name: 'Add folder' }));
    await waitFor(() => expect(inWindow.all.models.roots.map((root) => root.path)).toContain('/picked'));
  });

  it('keeps a typed path that could not be added', async () => {
    const { all, backend, user, context } = await started();
    backend.fail('root_add', { message: 'the folder cannot be read' });
    render(FoldersPage, { context });
    const field = screen.getByLabelText<HTMLInputElement>('Path of a GGUF file or a folder');
    await user.type(field, '/models{Enter}');
    await waitFor(() => expect(all.toasts.items).toHaveLength(1));
    expect(field.value).toBe('/models');
  });

  it('counts the models of each folder anew when its page opens', async () => {
    const { backend, context } = await started();
    backend.roots = backend.roots.map((root) => ({ ...root, model_count: 77 }));
    render(FoldersPage, { context });
    await waitFor(() => expect(screen.getAllByText(/77 models/).length).toBeGreaterThan(0));
  });

  it('cannot remove its own folder', async () => {
    const { context } = await started();
    render(FoldersPage, { context });
    expect(screen.getAllByRole('button', { name: /^Remove/ })).toHaveLength(3);
  });
});
