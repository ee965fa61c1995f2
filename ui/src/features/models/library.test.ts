import { beforeEach, describe, expect, it, vi } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { HASH, ROOTS, scriptedModels, STATUS } from '$/lib/backend/scripted/models';
import type { Model, RuntimeName } from '$/gen/protocol';
import { Sirocco, siroccoContext } from '$/lib/state';
import DiskPage from './DiskPage.svelte';
import DuplicatesPage from './DuplicatesPage.svelte';
import FoldersPage from './FoldersPage.svelte';
import ImportDialog from './ImportDialog.svelte';
import LibraryColumn from './LibraryColumn.svelte';
import LoadOptions from './LoadOptions.svelte';
import { grouped, LibraryList } from './library-list.svelte';
import { LoadChoice } from './load-options.svelte';
import ModelNotes from './ModelNotes.svelte';
import ModelPage from './ModelPage.svelte';
import LibraryPage from './LibraryPage.svelte';
import TrashPage from './TrashPage.svelte';

async function started(options: ScriptedOptions = {}) {
  const backend = new ScriptedBackend(options);
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.models.state.type).toBe('ready'));
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  return { all, backend, user: userEvent.setup(), context: siroccoContext(all) };
}

async function page(id: string) {
  const state = await started();
  state.all.navigation.openLibrary(id);
  render(LibraryPage, { context: state.context });
  return state;
}

const byId = (id: string) => scriptedModels().find((model) => model.id === id) as Model;
const ids = (list: LibraryList) => list.models.map((model) => model.id);

beforeEach(() => localStorage.clear());

describe('the notes of a model', () => {
  it('are not erased by a change of the model, and are kept when the page is left', async () => {
    const { all, backend, user, context } = await started();
    const { rerender, unmount } = render(ModelNotes, { props: { model: byId('m-iq') }, context });
    const field = screen.getByRole<HTMLTextAreaElement>('textbox');
    await user.type(field, 'good at verse');
    await rerender({ model: { ...byId('m-iq'), favourite: true } });
    expect(field.value).toBe('good at verse');
    unmount();
    await waitFor(() => expect(all.models.model('m-iq')?.notes).toBe('good at verse'));
    expect(backend.calls.filter((call) => call.command === 'model_update')).toHaveLength(1);
  });

  it('stay in the field when they cannot be saved', async () => {
    const { all, backend, user, context } = await started();
    render(ModelNotes, { props: { model: byId('m-iq') }, context });
    backend.fail('model_update', { message: 'the disk is full' });
    const field = screen.getByRole<HTMLTextAreaElement>('textbox');
    await user.type(field, 'good');
    await user.tab();
    await waitFor(() => expect(all.toasts.items).toHaveLength(1));
    expect(field.value).toBe('good');
  });
});

describe('the order of the library', () => {
  it('puts favourites first, then what was chosen', async () => {
    const { all } = await started();
    const list = new LibraryList(all.models);
    expect(ids(list).slice(0, 3)).toEqual(['m-coder', 'm-llama', 'm-ollama']);
    list.setSort('size');
    expect(ids(list).slice(0, 3)).toEqual(['m-coder', 'm-qwen14', 'm-long']);
    list.setSort('name');
    expect(ids(list).slice(0, 3)).toEqual(['m-coder', 'm-long', 'm-away']);
    expect(new LibraryList(all.models).sort).toBe('name');
  });

  it('groups by folder: the app’s own first, single files last', () => {
    const groups = grouped(scriptedModels(), ROOTS);
    expect(groups.map((group) => group.name)).toEqual(['Favourites', 'Downloaded here', 'ada/models', 'Archive/llm', 'Ollama', 'Single files']);
    expect(groups.find((group) => group.name === 'Archive/llm')?.offline).toBe(true);
  });

  it('closes a group, but a search looks into it', async () => {
    const { user, context } = await started();
    render(LibraryColumn, { context });
    await user.click(screen.getByRole('button', { name: /^ada\/models, 4 models/ }));
    expect(screen.queryByText('Gemma 3 4B IT')).toBeNull();
    await user.type(screen.getByRole('searchbox'), 'gemma');
    expect(await screen.findByText('Gemma 3 4B IT')).toBeTruthy();
  });

  it('is walked with the arrow keys, over headings too', async () => {
    const { all, user, context } = await started();
    render(LibraryColumn, { context });
    screen.getByRole('button', { name: /^Favourites/ }).focus();
    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}{Enter}');
    await waitFor(() => expect(all.navigation.modelId).toBe('m-llama'));
  });

  it('sorts 10,000 models in the time of a few frames', async () => {
    const [base] = scriptedModels() as [Model];
    const models = Array.from({ length: 10_000 }, (_, index) => ({ ...base, id: `m${index}`, name: `Model ${(index * 7919) % 10_000}` }));
    const { all, context } = await started({ models });
    const list = new LibraryList(all.models);
    list.setSort('name');
    expect(list.models[1]?.name).toBe('Model 1');
    render(LibraryColumn, { context });
    expect(screen.getByText('10,000 models')).toBeTruthy();
    expect(screen.getAllByRole('listitem').length).toBeLessThan(60);
  });
});

describe('the page of a model', () => {
  it('renames, with Escape as the way out', async () => {
    const { all, user } = await page('m-llama');
    await user.click(screen.getByRole('button', { name: 'Rename' }));
    const field = screen.getByLabelText('Name of the model');
    await user.clear(field);
    await user.type(field, 'My summariser{Escape}');
    expect(all.models.model('m-llama')?.name).toBe('Llama 3.2 3B Instruct');
    await user.click(await screen.findByRole('button', { name: 'Rename' }));
    await user.clear(screen.getByLabelText('Name of the model'));
    await user.type(screen.getByLabelText('Name of the model'), 'My summariser{Enter}');
    await waitFor(() => expect(all.models.model('m-llama')?.name).toBe('My summariser'));
  });

  it('marks favourites and keeps notes', async () => {
    const { all, user } = await page('m-llama');
    await user.click(screen.getByRole('button', { name: 'Mark as favourite' }));
    await waitFor(() => expect(all.models.model('m-llama')?.favourite).toBe(true));
    await user.clear(screen.getByLabelText('Notes about this model'));
    await user.type(screen.getByLabelText('Notes about this model'), 'Terse.');
    await user.tab();
    await waitFor(() => expect(all.models.model('m-llama')?.notes).toBe('Terse.'));
  });

  it('tells where it came from and that there is a newer one', async () => {
    const { all, user } = await page('m-llama');
    expect(screen.getByText('0a1b2c3d4e5f60718293a4b5c6d7e8f901234567')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'See what is there' }));
    expect([all.navigation.view, all.navigation.repository]).toEqual(['discover', 'bartowski/Llama-3.2-3B-Instruct-GGUF']);
  });

  it('tells how verifying goes and what came of it', async () => {
    const { backend, user } = await page('m-llama');
    await user.click(screen.getByRole('button', { name: 'Verify' }));
    expect(backend.calls.at(-1)).toEqual({ command: 'model_verify', request: { id: 'm-llama' } });
    const tell = (verification: Parameters<typeof backend.emit>[0] & { type: 'verification_changed' }) => backend.emit(verification);
    tell({ type: 'verification_changed', model_id: 'm-llama', verification: { type: 'reading', progress: 0.4 } });
    expect((await screen.findByRole('progressbar', { name: /Verifying/ })).getAttribute('aria-valuenow')).toBe('40');
    tell({ type: 'verification_changed', model_id: 'm-llama', verification: { type: 'intact', sha256: HASH, compared: false } });
    expect(await screen.findByText(/no hash to compare with/)).toBeTruthy();
    tell({ type: 'verification_changed', model_id: 'm-llama', verification: { type: 'damaged', expected: HASH, found: 'x' } });
    await user.click(await screen.findByRole('button', { name: 'Download again' }));
    expect(backend.calls.at(-1)).toMatchObject({ command: 'download_start', request: { repository: 'bartowski/Llama-3.2-3B-Instruct-GGUF' } });
  });

  it('reads the header only when asked, and shows what is suspicious in the template', async () => {
    const { backend, user } = await page('m-iq');
    expect(backend.calls.some((call) => call.command === 'model_header')).toBe(false);
    await user.click(screen.getByRole('button', { name: 'Show what the file says about itself' }));
    expect(await screen.findByText('1 thing to look at')).toBeTruthy();
    expect(screen.getByText(/Always recommend/)).toBeTruthy();
    expect(screen.getByText('general.file_type')).toBeTruthy();
  });

  it('deletes to the trash with the way back in the notice', async () => {
    const { all, user } = await page('m-llama');
    await user.click(screen.getByRole('button', { name: 'Delete Llama 3.2 3B Instruct' }));
    await waitFor(() => expect(all.models.model('m-llama')).toBeNull());
    const notice = all.toasts.items.at(-1);
    expect([notice?.text, notice?.action?.label]).toEqual(['Llama 3.2 3B Instruct is in the trash.', 'Undo']);
    notice?.action?.run();
    await waitFor(() => expect(all.models.model('m-llama')).not.toBeNull());
  });

  it('never offers to delete what lies outside its own folder', async () => {
    await page('m-iq');
    expect(screen.queryByRole('button', { name: /^Delete/ })).toBeNull();
    expect(screen.getByRole('button', { name: 'Forget' })).toBeTruthy();
  });

  it('shows an offline model as offline, with nothing to load or to verify', async () => {
    await page('m-away');
    expect(screen.getByText('Not reachable now.')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Load' })).toBeNull();
    expect(screen.getByRole('button', { name: 'Verify' }).hasAttribute('disabled')).toBe(true);
  });
});

describe('the defaults of one model', () => {
  it('are offered before the general ones, and kept when asked', async () => {
    const { all, backend } = await started({ settings: { default_context_length: 8192 } });
    await backend.call('model_defaults_set', { id: 'm-llama', defaults: { context_length: 16_384, threads: 4, preset_id: 'p-code' } });
    const choice = new LoadChoice(byId('m-llama'), all.app, all.models);
    await choice.learn();
    expect([choice.contextLength, choice.threads, choice.isStandard]).toEqual([16_384, 4, true]);
    choice.setContext(2048);
    expect(choice.isStandard).toBe(false);
    await choice.keep();
    expect(await backend.call('model_defaults_get', { id: 'm-llama' })).toEqual({ context_length: 2048, threads: 4, runtime: null, llamacpp: null, preset_id: 'p-code' });
    await choice.drop();
    expect(await backend.call('model_defaults_get', { id: 'm-llama' })).toMatchObject({ preset_id: 'p-code' });
    expect([choice.contextLength, choice.threads, choice.hasDefaults]).toEqual([8192, 8, false]);
  });

  it('do not overrule a choice that was made before they were known', async () => {
    const { all, backend } = await started();
    await backend.call('model_defaults_set', { id: 'm-llama', defaults: { context_length: 16_384 } });
    const choice = new LoadChoice(byId('m-llama'), all.app, all.models);
    const learning = choice.learn();
    choice.setContext(1024);
    await learning;
    expect(choice.contextLength).toBe(1024);
  });
});

describe('the runtime of one model', () => {
  const BOTH = { ...STATUS, installed: ['mistralrs', 'llamacpp'] as RuntimeName[] };

  it('is chosen by the app where only one can, and by the person where both can', async () => {
    const { all, backend } = await started();
    all.app.status = BOTH;
    const choice = new LoadChoice(byId('m-llama'), all.app, all.models);
    expect([choice.runtimes, choice.serving, choice.options(false).runtime]).toEqual([['mistralrs', 'llamacpp'], 'mistralrs', null]);
    choice.setRuntime('llamacpp');
    expect([choice.serving, choice.options(false).runtime, choice.isStandard]).toEqual(['llamacpp', 'llamacpp', false]);
    await waitFor(() => expect(backend.calls.findLast((call) => call.command === 'model_fit')?.request).toMatchObject({ runtime: 'llamacpp' }));
    await choice.keep();
    expect(await backend.call('model_defaults_get', { id: 'm-llama' })).toMatchObject({ runtime: 'llamacpp' });
    expect([choice.isStandard, choice.options(false).runtime]).toEqual([true, null]);
    choice.setRuntime(null);
    expect(choice.options(false).runtime).toBe('mistralrs');

    const loaded = await backend.call('model_load', { id: 'm-llama', options: { load_anyway: true } });
    backend.emit({ type: 'loaded_changed', loaded });
    await waitFor(() => expect(all.models.loadedState('m-llama')?.served_by).toBe('llamacpp'));
    const again = new LoadChoice(byId('m-llama'), all.app, all.models);
    expect([again.runtime, again.differs]).toEqual(['llamacpp', false]);
  });

  it('is told what it was chosen to be told, which counts in the memory and is kept', async () => {
    const { all, backend } = await started({ installed: ['mistralrs', 'llamacpp'] });
    const choice = new LoadChoice(byId('m-llama'), all.app, all.models);
    choice.tell({ cache_type: 'q8_0' });
    expect([choice.isStandard, choice.options(false).llamacpp]).toEqual([true, null]);
    choice.setRuntime('llamacpp');
    await waitFor(() => expect(backend.calls.findLast((call) => call.command === 'model_fit')?.request).toMatchObject({ cache_type: 'q8_0' }));
    expect([choice.isStandard, choice.options(false).llamacpp?.cache_type]).toEqual([false, 'q8_0']);
    await choice.keep();
    expect(await backend.call('model_defaults_get', { id: 'm-llama' })).toMatchObject({ llamacpp: { cache_type: 'q8_0', memory_map: true } });
    expect([choice.isStandard, choice.options(false).llamacpp]).toEqual([true, null]);

    const loaded = await backend.call('model_load', { id: 'm-llama', options: { load_anyway: true } });
    backend.emit({ type: 'loaded_changed', loaded });
    await waitFor(() => expect(all.models.loadedState('m-llama')?.llamacpp?.cache_type).toBe('q8_0'));
    const again = new LoadChoice(byId('m-llama'), all.app, all.models);
    expect([again.llamacpp.cache_type, again.differs]).toEqual(['q8_0', false]);
    again.tell({ keep_in_memory: true });
    expect(again.differs).toBe(true);
    again.tell({ keep_in_memory: false });
    expect(again.differs).toBe(false);
    again.tell({ cache_type: 'f16', context_shift: true });
    expect([again.differs, again.options(false).llamacpp?.context_shift]).toEqual([true, true]);
  });

  it('never has a quantized cache without flash attention', async () => {
    const { all } = await started();
    const choice = new LoadChoice(byId('m-llama'), all.app, all.models);
    choice.tell({ flash_attention: 'off' });
    expect(choice.llamacpp.flash_attention).toBe('off');
    choice.tell({ cache_type: 'q4_0' });
    expect(choice.llamacpp).toMatchObject({ cache_type: 'q4_0', flash_attention: 'auto' });
  });

  it('never has a quantized cache that shifts', async () => {
    const { all } = await started();
    const choice = new LoadChoice(byId('m-llama'), all.app, all.models);
    choice.tell({ context_shift: true });
    expect(choice.llamacpp.context_shift).toBe(true);
    choice.tell({ cache_type: 'q4_0' });
    expect(choice.llamacpp).toMatchObject({ cache_type: 'q4_0', context_shift: false });
  });

  it('has its own options under Advanced, and adapters of the same architecture', async () => {
    const { all, context, user } = await started({ installed: ['mistralrs', 'llamacpp'] });
    const { unmount } = render(LoadOptions, { props: { model: byId('m-llama') }, context });
    expect(screen.queryByText('Advanced')).toBeNull();
    unmount();
    all.models.handle({ type: 'model_changed', model: { ...byId('m-llama'), runtime: 'llamacpp' } });
    await all.models.setDefaults('m-llama', { runtime: 'llamacpp' });
    render(LoadOptions, { props: { model: byId('m-llama') }, context });
    // As a click on its summary does, which this DOM knows nothing of.
    const fold = (await screen.findByText('Advanced')).closest('details') as HTMLDetailsElement;
    fold.open = true;
    fold.dispatchEvent(new Event('toggle'));
    await user.click(await screen.findByRole('switch', { name: 'Keep in memory' }));
    expect(screen.getByRole('switch', { name: 'Keep in memory' }).getAttribute('aria-checked')).toBe('true');
    await user.click(screen.getByRole('switch', { name: 'Context shift' }));
    expect(screen.getByRole('switch', { name: 'Context shift' }).getAttribute('aria-checked')).toBe('true');
    await waitFor(() => expect(screen.getByLabelText('Adapter: None')).toBeTruthy());
    expect(screen.queryByRole('spinbutton', { name: 'Strength of the adapter' })).toBeNull();
  });

  it('is shown on its page with what the other makes of it', async () => {
    const { all, context } = await started();
    render(ModelPage, { props: { model: byId('m-gemma') }, context });
    expect(screen.getByText('Cannot').parentElement?.textContent).toContain('gemma3');
    expect(screen.getByText('Not installed')).toBeTruthy();
    all.app.status = BOTH;
    const served: Model = { ...byId('m-gemma'), verdict: { type: 'runs', cautions: [] }, runtime: 'llamacpp' };
    render(ModelPage, { props: { model: served }, context });
    expect(screen.getByText('Serves it').parentElement?.textContent).toContain('mistral.rs cannot: architecture');
  });
});

describe('keeping the library', () => {
  it('offers folders of other apps that are not in it yet', async () => {
    const { all, user, context } = await started();
    render(FoldersPage, { context });
    await user.click(await screen.findByRole('button', { name: 'Add the folder of Hugging Face cache' }));
    await waitFor(() => expect(all.models.roots.map((root) => root.path)).toContain('/home/ada/.cache/huggingface/hub'));
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Add the folder of Hugging Face cache' })).toBeNull());
  });

  it('links duplicates and says what was freed', async () => {
    const { all, user, context } = await started();
    render(DuplicatesPage, { context });
    expect(await screen.findByText('2.02 GB can be freed')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: /^Link, free .*: Llama 3.2 3B Instruct, Mistral 7B Instruct v0.3$/ }));
    await waitFor(() => expect(all.toasts.items.at(-1)?.text).toBe('2.02 GB freed.'));
    await waitFor(() => expect(screen.queryByRole('button', { name: /^Link/ })).toBeNull());
  });

  it('says how many models were not compared, and verifies all', async () => {
    const { backend, user, context } = await started();
    render(DuplicatesPage, { context });
    expect(screen.getByText(/hashes of 5 models are not known/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Verify all' }));
    expect(backend.calls.at(-1)).toEqual({ command: 'model_verify', request: { id: null } });
  });

  it('restores from the trash, and empties it only after asking', async () => {
    const { all, user, context } = await started();
    await all.models.delete('m-llama');
    await all.models.delete('m-coder');
    render(TrashPage, { context });
    await user.click(await screen.findByRole('button', { name: 'Restore Llama 3.2 3B Instruct' }));
    await waitFor(() => expect(all.models.model('m-llama')).not.toBeNull());
    await user.click(screen.getByRole('button', { name: 'Empty trash' }));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText(/1 model is removed for good, 398 MB in all/)).toBeTruthy();
    await user.click(within(dialog).getByRole('button', { name: 'Empty trash' }));
    expect(await screen.findByText('The trash is empty')).toBeTruthy();
  });

  it('tells what takes the space, and frees it from there', async () => {
    const { all, user, context } = await started();
    render(DiskPage, { context });
    expect(await screen.findByText('28.9 GB in all')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Delete Llama 3.2 3B Instruct' }));
    await waitFor(() => expect(all.models.model('m-llama')).toBeNull());
    await user.click(await screen.findByRole('button', { name: 'Open the trash' }));
    expect(all.navigation.libraryPlace).toBe('trash');
  });

  it('can ask again when a page could not be read', async () => {
    const { backend, user, context } = await started();
    backend.fail('disk_use', { message: 'the database is busy' });
    render(DiskPage, { context });
    expect((await screen.findByRole('alert')).textContent).toContain('The database is busy.');
    backend.succeed('disk_use');
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('28.9 GB in all')).toBeTruthy();
  });
});

describe('the import question', () => {
  const picked = { handle: 'h', path: '/home/ada/a.gguf', is_folder: false };

  it('starts with using the file where it is, and remembers another choice', async () => {
    const { all, user, context } = await started();
    render(ImportDialog, { context });
    const answered = vi.fn();
    void all.imports.ask([picked]).then(answered);
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText('/home/ada/a.gguf')).toBeTruthy();
    expect((within(dialog).getByRole('radio', { name: /Use it where it is/ }) as HTMLInputElement).checked).toBe(true);
    await user.click(within(dialog).getByRole('radio', { name: /Link it/ }));
    await user.click(within(dialog).getByRole('button', { name: 'Add' }));
    await waitFor(() => expect(answered).toHaveBeenCalledWith('link'));
    expect(new Sirocco(new ScriptedBackend()).imports.mode).toBe('link');
  });

  it('is dismissed with Escape', async () => {
    const { all, user, context } = await started();
    render(ImportDialog, { context });
    const answered = vi.fn();
    void all.imports.ask([picked]).then(answered);
    await screen.findByRole('dialog');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(answered).toHaveBeenCalledWith(null));
  });
});
