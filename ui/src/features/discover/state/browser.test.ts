import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HubPage, HubResult, HubSearch } from '$/gen/protocol';
import { BackendError } from '$/lib/backend';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { scriptedRepositories } from '$/lib/backend/scripted/hubData';
import { DEBOUNCE_MS, HubBrowser } from './browser.svelte';

interface Question {
  request: HubSearch;
  answer: (page: Partial<HubPage>) => void;
  refuse: (error: BackendError) => void;
}

const ALL = scriptedRepositories();
const page = (from: number, to: number, next: string | null = null): Partial<HubPage> => ({ results: ALL.slice(from, to), next });
const named = (results: HubResult[]) => results.map((one) => one.repository);
const error = (code: 'network' | 'superseded' | 'offline') =>
  new BackendError({ code, message: `it is ${code}`, hint: null, trace_id: '' });
/** Lets answers that are there arrive. */
const arrive = () => vi.advanceTimersByTimeAsync(0);

/** A browser whose searches are answered by the test, in the order it likes. */
function opened(): { browser: HubBrowser; questions: Question[] } {
  const backend = new ScriptedBackend();
  const questions: Question[] = [];
  const scripted = backend.call.bind(backend);
  backend.call = ((command: string, request: HubSearch) => {
    if (command !== 'hub_search') return scripted(command as 'hub_search', request);
    return new Promise<HubPage>((resolve, reject) => {
      questions.push({
        request,
        answer: (part) => resolve({ results: [], next: null, from_cache: false, ...part }),
        refuse: reject,
      });
    });
  }) as typeof backend.call;
  const browser = new HubBrowser(backend, 'window-1');
  browser.open();
  return { browser, questions };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the search', () => {
  it('opens with what is trending and runs here, and with the catalogue', async () => {
    const { browser, questions } = opened();
    expect(questions[0]?.request).toMatchObject({ channel: 'window-1', query: '', sort: 'trending', filters: { runs_here: true }, cursor: null });
    questions[0]?.answer(page(0, 3));
    await arrive();
    expect(browser.state.type).toBe('ready');
    expect(browser.results).toHaveLength(3);
    expect(browser.catalogue.length).toBeGreaterThan(0);
  });

  it('asks once typing rests, not at every letter', async () => {
    const { browser, questions } = opened();
    for (const text of ['q', 'qw', 'qwe', 'qwen']) {
      browser.type(text);
      await vi.advanceTimersByTimeAsync(DEBOUNCE_MS - 1);
    }
    expect(questions).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(questions.map((one) => one.request.query)).toEqual(['', 'qwen']);
  });

  it('drops an answer to an older question, whichever comes last', async () => {
    const { browser, questions } = opened();
    browser.type('llama');
    browser.ask();
    browser.type('qwen');
    browser.ask();
    questions[2]?.answer(page(0, 2));
    await arrive();
    questions[1]?.answer(page(5, 9));
    questions[0]?.answer(page(9, 12));
    await arrive();
    expect(named(browser.results)).toEqual(named(ALL.slice(0, 2)));
    expect(browser.answered).toBe('qwen');
    expect(browser.busy).toBe(false);
  });

  it('says nothing about a question that a newer one ended', async () => {
    const { browser, questions } = opened();
    questions[0]?.answer(page(0, 3));
    await arrive();
    browser.ask();
    questions[1]?.refuse(error('superseded'));
    await arrive();
    expect(browser.state.type).toBe('ready');
    expect(browser.results).toHaveLength(3);
  });

  it('keeps the results on screen until the new ones are there', async () => {
    const { browser, questions } = opened();
    questions[0]?.answer(page(0, 3));
    await arrive();
    browser.setSort('likes');
    expect(browser.busy).toBe(true);
    expect(browser.results).toHaveLength(3);
    questions[1]?.answer(page(3, 5));
    await arrive();
    expect(named(browser.results)).toEqual(named(ALL.slice(3, 5)));
  });

  it('shows no results of other words beside an error', async () => {
    const { browser, questions } = opened();
    questions[0]?.answer(page(0, 3));
    await arrive();
    browser.type('qwen');
    browser.ask();
    questions[1]?.refuse(error('offline'));
    await arrive();
    expect(browser.state).toMatchObject({ type: 'failed', error: { code: 'offline' } });
    expect(browser.results).toEqual([]);
  });

  it('asks again at the next visit after a failure, and not after an answer', async () => {
    const { browser, questions } = opened();
    questions[0]?.refuse(error('network'));
    await arrive();
    browser.open();
    browser.open();
    questions[1]?.answer(page(0, 1));
    await arrive();
    browser.open();
    expect(questions).toHaveLength(2);
  });
});

describe('the pages of a search', () => {
  it('follow each other, and what moved from one to the next is shown once', async () => {
    const { browser, questions } = opened();
    questions[0]?.answer(page(0, 4, 'two'));
    await arrive();
    browser.askMore();
    browser.askMore();
    expect(questions).toHaveLength(2);
    expect(questions[1]?.request.cursor).toBe('two');
    questions[1]?.answer(page(3, 6));
    await arrive();
    expect(named(browser.results)).toEqual(named(ALL.slice(0, 6)));
    expect(browser.more).toBe(false);
    browser.askMore();
    expect(questions).toHaveLength(2);
  });

  it('are passed over while filters leave nothing of them, up to a point', async () => {
    const { browser, questions } = opened();
    for (let at = 0; at < 4; at += 1) {
      questions[at]?.answer(page(0, 0, `page ${at + 1}`));
      await arrive();
    }
    expect(questions).toHaveLength(4);
    expect(browser.lookedFar).toBe(true);
    browser.askMore();
    expect(questions).toHaveLength(4);
    browser.goOn();
    expect(questions[4]?.request.cursor).toBe('page 4');
    questions[4]?.answer(page(0, 1));
    await arrive();
    expect(browser.results).toHaveLength(1);
    expect(browser.lookedFar).toBe(false);
  });

  it('that do not come leave the earlier ones, and can be asked for again', async () => {
    const { browser, questions } = opened();
    questions[0]?.answer(page(0, 4, 'two'));
    await arrive();
    browser.askMore();
    questions[1]?.refuse(error('network'));
    await arrive();
    expect(browser.results).toHaveLength(4);
    expect(browser.moreProblem?.code).toBe('network');
    browser.askMore();
    expect(questions).toHaveLength(2);
    browser.goOn();
    questions[2]?.answer(page(4, 5));
    await arrive();
    expect(browser.results).toHaveLength(5);
    expect(browser.moreProblem).toBeNull();
  });

  it('of an older question are not mixed into a newer one', async () => {
    const { browser, questions } = opened();
    questions[0]?.answer(page(0, 4, 'two'));
    await arrive();
    browser.askMore();
    browser.setSort('likes');
    questions[2]?.answer(page(6, 8));
    await arrive();
    questions[1]?.answer(page(4, 6));
    await arrive();
    expect(named(browser.results)).toEqual(named(ALL.slice(6, 8)));
    expect(browser.loadingMore).toBe(false);
  });
});
