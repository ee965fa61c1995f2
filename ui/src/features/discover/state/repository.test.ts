import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HubFitGet } from '$/gen/protocol';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { FIT_DEBOUNCE_MS, RepositoryPage } from './repository.svelte';

const CODER = 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF';

async function opened(repository = CODER, context = 8192, prepare: (backend: ScriptedBackend) => void = () => {}) {
  const backend = new ScriptedBackend();
  prepare(backend);
  const page = new RepositoryPage(backend, repository, context);
  await page.open();
  const asked = () => backend.calls.filter((call) => call.command === 'hub_fit').map((call) => (call.request as HubFitGet).context_length);
  return { backend, page, asked };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the page of a repository', () => {
  it('knows card, header and fits at the commit of its files', async () => {
    const { backend, page } = await opened();
    expect([page.model.type, page.card.type, page.header?.type]).toEqual(['ready', 'ready', 'ready']);
    expect(page.fits?.size).toBe(page.value?.variants.length);
    const commits = backend.calls.slice(1).map((call) => (call.request as { commit: string }).commit);
    expect(new Set(commits)).toEqual(new Set([page.value?.commit]));
  });

  it('starts with the context models are loaded with, at most what this one knows', async () => {
    expect((await opened(CODER, 4096)).page.contextLength).toBe(4096);
    expect((await opened(CODER, 65_536)).page.contextLength).toBe(32_768);
  });

  it('asks for the fits once the slider rests', async () => {
    const { page, asked } = await opened();
    for (const tokens of [1024, 2048, 4096, 16_384]) {
      page.setContext(tokens);
      await vi.advanceTimersByTimeAsync(FIT_DEBOUNCE_MS - 1);
    }
    expect(asked()).toEqual([8192]);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked()).toEqual([8192, 16_384]);
    expect([...(page.fits?.values() ?? [])][0]?.context_length).toBe(16_384);
  });

  it('drops fits of a context that is not the chosen one any more', async () => {
    const { backend, page } = await opened();
    const answers: ((fits: { path: string; fit: null }[]) => void)[] = [];
    backend.call = (() => new Promise((resolve) => answers.push(resolve as never))) as typeof backend.call;
    page.setContext(1024);
    void page.askFits();
    page.setContext(2048);
    void page.askFits();
    answers[1]?.([{ path: 'late', fit: null }]);
    await vi.advanceTimersByTimeAsync(0);
    answers[0]?.([{ path: 'early', fit: null }]);
    await vi.advanceTimersByTimeAsync(0);
    expect([...(page.fits?.keys() ?? [])]).toEqual(['late']);
  });

  it('keeps the figures it has when new ones do not come', async () => {
    const { backend, page } = await opened();
    backend.fail('hub_fit', { code: 'network', message: 'no answer' });
    page.setContext(1024);
    await vi.advanceTimersByTimeAsync(FIT_DEBOUNCE_MS);
    expect(page.fits).not.toBeNull();
    expect(page.fitsProblem?.code).toBe('network');
  });

  it('sorts what one can use from what does not run and from projectors', async () => {
    const { page } = await opened();
    expect(page.refused.map((one) => one.quantization)).toEqual(['IQ4_XS']);
    expect(page.usable.every((one) => one.runs.type === 'yes')).toBe(true);
    const gemma = (await opened('google/gemma-3-4b-it-qat-q4_0-gguf')).page;
    expect(gemma.usable).toEqual([]);
    expect(gemma.projectors).toHaveLength(1);
  });

  it('believes the header of a file more than its name', async () => {
    const { page } = await opened();
    const recommended = page.value?.variants.find((one) => one.recommended);
    expect(page.headerPath).toBe(recommended?.path);
    if (page.header?.type !== 'ready' || !recommended) throw new Error('the header is not there');
    page.header = { type: 'ready', value: { ...page.header.value, verdict: { type: 'refused', reasons: ['tensors of type TQ1_0'] } } };
    expect(page.runsOf(recommended)).toEqual({ type: 'no', reason: 'tensors of type TQ1_0' });
    expect(page.usable).not.toContain(recommended);
  });

  it('asks for nothing more when the repository itself does not answer', async () => {
    const { backend, page } = await opened(CODER, 8192, (scripted) => scripted.fail('hub_model', { code: 'gated' }));
    expect(page.model).toMatchObject({ type: 'failed', error: { code: 'gated' } });
    expect(backend.calls).toHaveLength(1);
    backend.succeed('hub_model');
    await page.open();
    expect(page.model.type).toBe('ready');
  });
});
