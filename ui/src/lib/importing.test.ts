import { describe, expect, it, vi } from 'vitest';
import { BackendError } from '$/lib/backend';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { scriptedModels } from '$/lib/backend/scripted/models';
import type { Model } from '$/gen/protocol';
import { importPaths, importTyped, modelLine, outcomeText, pickAndImport, refusalOf } from './importing';
import { Sirocco } from './state';

const [coder, , gemma] = scriptedModels() as [Model, Model, Model];

describe('what an import came to', () => {
  it('names one model, counts several', () => {
    expect(outcomeText({ models: [coder], problems: [] })).toEqual({ text: 'Qwen2.5 Coder 0.5B Instruct is in the library.', detail: null });
    expect(outcomeText({ models: [coder, gemma], problems: [] }).text).toBe('2 models are in the library.');
  });

  it('lists the first files that are no models, with their reasons', () => {
    const { text, detail } = outcomeText({ models: [], problems: ['a: cut', 'b: cut', 'c: cut', 'd: cut', 'e: cut'] });
    expect(text).toBe('No new model was found.');
    expect(detail).toBe('5 files could not be added:\na: cut\nb: cut\nc: cut\nand 2 more');
  });
});

describe('importing', () => {
  const picked = (path: string) => ({ handle: path, path, is_folder: false });

  it('adds all dropped paths the chosen way, under one notice', async () => {
    const backend = new ScriptedBackend();
    const all = new Sirocco(backend);
    const adding = importPaths(all, [picked('one'), picked('two')]);
    all.imports.mode = 'copy';
    all.imports.confirm();
    await adding;
    expect(backend.calls.map((call) => call.request)).toEqual([
      { handle: 'one', mode: 'copy' },
      { handle: 'two', mode: 'copy' },
    ]);
    expect(all.toasts.items).toHaveLength(1);
    expect(new Sirocco(backend).imports.mode).toBe('copy');
  });

  it('shows how far a copy is, stops it, and tells that it was stopped', async () => {
    const backend = new ScriptedBackend();
    const all = new Sirocco(backend);
    all.start();
    let refuse: (error: BackendError) => void = () => undefined;
    vi.spyOn(all.models, 'import').mockReturnValueOnce(new Promise((_, reject) => (refuse = reject)));
    const adding = importPaths(all, [picked('one')], 'copy');
    const moved = (done_bytes: number) =>
      backend.emit({ type: 'import_moved', handle: 'one', name: 'Big', done_bytes, total_bytes: 4_000_000_000 });
    moved(1_000_000_000);
    moved(2_000_000_000);
    expect(all.toasts.items).toMatchObject([{ text: 'Copying Big', progress: 0.5 }]);
    all.toasts.items[0]?.action?.run();
    expect(backend.calls.at(-1)).toMatchObject({ command: 'model_import_cancel', request: { handle: 'one' } });
    refuse(new BackendError({ code: 'superseded', message: 'the import was stopped', hint: null, trace_id: '' }));
    expect(await adding).toBeNull();
    expect(all.toasts.items).toMatchObject([{ text: 'The import was stopped.', tone: 'neutral' }]);
  });

  it('adds nothing when the question is dismissed', async () => {
    const backend = new ScriptedBackend();
    const all = new Sirocco(backend);
    const adding = importPaths(all, [picked('one')]);
    all.imports.dismiss();
    expect(await adding).toBeNull();
    expect(backend.calls).toHaveLength(0);
  });

  it('does nothing when the dialog was cancelled', async () => {
    const backend = new ScriptedBackend();
    const all = new Sirocco(backend);
    vi.spyOn(backend, 'call').mockResolvedValueOnce([] as never);
    expect(await pickAndImport(all, 'model_files')).toBeNull();
    expect(all.toasts.items).toHaveLength(0);
  });

  it('watches a typed folder and adds a typed file', async () => {
    const backend = new ScriptedBackend();
    const all = new Sirocco(backend);
    await importTyped(all, '/models');
    await importTyped(all, '/models/a.gguf', 'in_place');
    expect(backend.calls.map((call) => call.command)).toEqual(['path_type', 'root_add', 'root_list', 'path_type', 'model_import']);
  });

  it('gives back what is wrong with a typed path', async () => {
    const all = new Sirocco(new ScriptedBackend());
    await expect(importTyped(all, 'models')).rejects.toMatchObject({ message: 'the path is not absolute' });
  });
});

describe('words about a model', () => {
  it('describe it in one line', () => {
    expect(modelLine(coder)).toBe('qwen2 · 494 M · 398 MB · 32,768 tokens');
  });

  it('say why it does not run', () => {
    expect(refusalOf(coder)).toBeNull();
    expect(refusalOf(gemma)).toContain('gemma3');
    expect(refusalOf({ ...coder, verdict: { type: 'missing' } })).toBe('File not found');
  });
});
