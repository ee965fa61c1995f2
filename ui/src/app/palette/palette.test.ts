import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { Sirocco } from '$/lib/state';
import CommandPalette from './CommandPalette.svelte';
import { Palette } from './palette.svelte';

async function sources(options: ScriptedOptions = {}) {
  const backend = new ScriptedBackend({ loaded: ['m-coder'], ...options });
  const state = new Sirocco(backend);
  await state.reload();
  const runs = { chat: vi.fn(), list: vi.fn() };
  state.actions.add([
    { id: 'chat.new', group: 'chat', label: 'New chat', keys: ['Mod+N'], run: runs.chat },
    { id: 'list', group: 'view', label: 'Show or hide the list', words: 'sidebar', keys: ['Mod+B'], run: runs.list },
    { id: 'stop', group: 'chat', label: 'Stop the answer', available: () => false, run: vi.fn() },
  ]);
  const onLoad = vi.fn();
  const settings = [{ name: 'theme', label: 'Theme', words: 'dark light' }];
  return { backend, state, runs, onLoad, all: { state, settings, onLoad } };
}

const labels = (palette: Palette) => palette.found.map(({ entry }) => entry.label);
beforeEach(() => localStorage.clear());

describe('the palette finds', () => {
  it('actions that can be done, conversations, models and settings', async () => {
    const { all, state, onLoad } = await sources();
    const palette = new Palette(all);
    palette.search('chess');
    expect(labels(palette)[0]).toBe('Chess endgame: king and pawn');
    palette.choose(palette.found[0]!.entry);
    expect(state.navigation.conversationId).toBe('c-8');
    palette.search('load llama');
    expect(labels(palette)[0]).toBe('Load Llama 3.2 3B Instruct');
    palette.choose(palette.found[0]!.entry);
    expect(onLoad).toHaveBeenCalledWith('m-llama');
    palette.search('eject');
    expect(labels(palette)).toEqual(['Eject Qwen2.5 Coder 0.5B Instruct']);
    palette.search('dark');
    expect(labels(palette)).toEqual(['Theme']);
    palette.choose(palette.found[0]!.entry);
    expect([state.navigation.view, state.navigation.settingsRow]).toEqual(['settings', 'theme']);
    palette.search('stop answer');
    expect(labels(palette)).toEqual([]);
  });

  it('conversations that the list does not hold', async () => {
    const { all, state } = await sources({ conversations: 400 });
    const palette = new Palette(all);
    expect(state.conversations.items.some((row) => row.title === 'Conversation number 399')).toBe(false);
    palette.search('number 399');
    await vi.waitFor(() => expect(labels(palette)[0]).toBe('Conversation number 399'));
  });

  it('an action by other words, behind what is called so', async () => {
    const { all } = await sources();
    const palette = new Palette(all);
    palette.search('sidebar');
    expect(labels(palette)).toEqual(['Show or hide the list']);
  });

  it('first what was chosen last', async () => {
    const { all } = await sources();
    const palette = new Palette(all);
    palette.reset();
    expect(labels(palette).slice(0, 2)).toEqual(['Show or hide the list', 'New chat']);
    palette.choose(palette.found[1]!.entry);
    palette.reset();
    expect(labels(palette).slice(0, 2)).toEqual(['New chat', 'Show or hide the list']);
    expect(new Set(labels(palette)).size).toBe(labels(palette).length);
  });
});

describe('the palette by keyboard', () => {
  it('is a field with a list: arrows go round, Enter chooses', async () => {
    const { all, runs } = await sources();
    render(CommandPalette, { props: { open: true, sources: all } });
    const user = userEvent.setup();
    const field = await screen.findByRole('combobox', { name: 'Find an action, a conversation, a model or a setting' });
    await waitFor(() => expect(document.activeElement).toBe(field));
    const list = screen.getByRole('listbox', { name: 'Results' });
    const chosen = () => within(list).getByRole('option', { selected: true });
    expect(field.getAttribute('aria-controls')).toBe(list.id);
    expect(field.getAttribute('aria-activedescendant')).toBe(chosen().id);
    await user.keyboard('{ArrowUp}');
    expect(chosen()).toBe(within(list).getAllByRole('option').at(-1));
    await user.keyboard('{ArrowDown}{ArrowDown}');
    expect(chosen().textContent).toContain('New chat');
    expect(field.getAttribute('aria-activedescendant')).toBe(chosen().id);
    await user.keyboard('nc');
    expect([...chosen().querySelectorAll('mark')].map((mark) => mark.textContent)).toEqual(['N', 'c']);
    expect(chosen().textContent).toContain('Ctrl+N');
    await user.keyboard('{Enter}');
    await waitFor(() => expect(runs.chat).toHaveBeenCalledOnce());
    await waitFor(() => expect(screen.queryByRole('combobox')).toBeNull());
  });

  it('says when nothing matches', async () => {
    const { all } = await sources();
    render(CommandPalette, { props: { open: true, sources: all } });
    await userEvent.setup().type(await screen.findByRole('combobox'), 'xyzzy');
    expect(screen.getByText('Nothing matches “xyzzy”.')).toBeTruthy();
    expect(screen.getByRole('status').textContent).toBe('0 results');
  });
});
