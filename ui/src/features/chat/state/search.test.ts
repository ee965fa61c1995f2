import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Commands, SearchResult } from '$/gen/protocol';
import { BackendError } from '$/lib/backend';
import { Double, settle } from './double';
import { ChatSearch, DEBOUNCE_MS } from './search.svelte';

type Request = Commands['message_search']['request'];

function result(id: string): SearchResult {
  const conversation = { id, title: id, created_at_ms: 1, updated_at_ms: 1, pinned: false, running: false, unread: false, folder_id: null, tags: [], archived: false, temporary: false, blind: false };
  return { conversation, title_marks: [], message: null, message_count: 0, notes: null, place: { titled: true, at_ms: 1, id } };
}

function started(answer: (request: Request) => SearchResult[] | Promise<SearchResult[]>) {
  const double = new Double({ message_search: answer });
  const search = new ChatSearch(double, () => 100 * 86_400_000);
  const asked = () => double.calls.map(([, request]) => request as Request);
  const found = () => search.results.map((one) => one.conversation.id);
  return { double, search, asked, found };
}

const rest = async () => {
  vi.advanceTimersByTime(DEBOUNCE_MS);
  await settle();
};

describe('the search', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks once typing rests', async () => {
    const { search, asked, found } = started(({ query }) => [result(query)]);
    for (const text of ['w', 'wi', ' wind']) search.type(text);
    expect(search.active).toBe(true);
    await rest();
    expect(asked().map((one) => one.query)).toEqual(['wind']);
    expect(found()).toEqual(['wind']);
    expect(search.answered).toBe('wind');
  });

  it('drops the answer to an older question', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { search, found } = started(async ({ query }) => {
      if (query === 'w') await gate;
      return [result(query)];
    });
    search.type('w');
    await rest();
    search.type('wind');
    await rest();
    release();
    await settle();
    expect(found()).toEqual(['wind']);
  });

  it('shows nothing once the words are gone, whatever still comes', async () => {
    const { search, found } = started(({ query }) => [result(query)]);
    search.type('wind');
    vi.advanceTimersByTime(DEBOUNCE_MS);
    search.clear();
    await settle();
    expect(found()).toEqual([]);
    expect(search.active).toBe(false);
  });

  it('goes on behind the last result and takes each conversation once', async () => {
    const first = Array.from({ length: 30 }, (_, at) => result(`c${at}`));
    const { search, asked, found } = started(({ after }) => (after ? [result('c29'), result('c30')] : first));
    search.type('wind');
    await rest();
    expect(search.hasMore).toBe(true);
    await search.loadMore();
    expect(asked()[1]?.after).toEqual({ titled: true, at_ms: 1, id: 'c29' });
    expect(found()).toHaveLength(31);
    expect(search.hasMore).toBe(false);
    await search.loadMore();
    expect(asked()).toHaveLength(2);
  });

  it('filters at once, by role, model and age', async () => {
    const { search, asked } = started(() => []);
    search.type('wind');
    await rest();
    search.filter({ role: 'user' });
    search.filter({ days: 7 });
    await settle();
    expect(asked().at(-1)).toMatchObject({ role: 'user', model_name: null, from_ms: 93 * 86_400_000 });
    expect(search.filtered).toBe(true);
  });

  it('filters between two days, both of them whole, or open to one side', async () => {
    const { search, asked } = started(() => []);
    search.type('wind');
    await rest();
    search.filter({ between: { from: '2026-03-01', until: '2026-03-31' } });
    await settle();
    expect(asked().at(-1)).toMatchObject({ from_ms: new Date(2026, 2, 1).getTime(), until_ms: new Date(2026, 3, 1).getTime() });
    search.filter({ between: { from: '', until: '2026-03-31' } });
    await settle();
    expect(asked().at(-1)).toMatchObject({ from_ms: null, until_ms: new Date(2026, 3, 1).getTime() });
    search.filter({ between: null });
    await settle();
    expect(asked().at(-1)).toMatchObject({ from_ms: null, until_ms: null });
  });

  it('says what went wrong', async () => {
    const { search, double } = started(() => []);
    double.answers.message_search = () => {
      throw new BackendError({ code: 'internal', message: 'no', hint: null, trace_id: '' });
    };
    search.type('wind');
    await rest();
    expect(search.state).toMatchObject({ type: 'failed', error: { message: 'no' } });
  });
});
