import { describe, expect, it } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import { APPEARANCE_STANDARD } from '$/lib/appearance';
import { opened } from './opened';
import { settingRows, rowsFor } from './rows';
import { inFront } from './search.svelte';
import SettingsColumn from './SettingsColumn.svelte';

describe('searching settings', () => {
  it('finds by what a setting does, not only by its name', () => {
    expect(rowsFor('memory').map((row) => row.name)).toContain('default_context_length');
    expect(rowsFor('dark').map((row) => row.name)).toEqual(['theme']);
    expect(rowsFor('')).toEqual(settingRows());
    expect(rowsFor('xyzzy')).toEqual([]);
  });
});

describe('the group that is read', () => {
  it('is the first at the top of the page, and the last at its end, however short that is', () => {
    const at = (scrollTop: number) => {
      const tops = [60, 900, 1900, 2100].map((top) => top - scrollTop);
      return inFront(tops, { scrollTop, scrollHeight: 2200, clientHeight: 800 });
    };
    expect([0, 500, 900, 1350, 1400].map(at)).toEqual([0, 0, 1, 3, 3]);
    expect(inFront([60], { scrollTop: 0, scrollHeight: 500, clientHeight: 500 })).toBe(0);
  });

  it('is marked in the column, from a click on', async () => {
    const { context, search, user } = await opened();
    render(SettingsColumn, { props: { search }, context });
    const marked = () => screen.getAllByRole('button').find((one) => one.getAttribute('aria-current') === 'location')?.textContent;
    expect(marked()).toBe('Appearance');
    await user.click(screen.getByRole('button', { name: 'Storage' }));
    expect(marked()).toBe('Storage');
    search.query = 'theme';
    await waitFor(() => expect(marked()).toBe('Appearance'));
  });
});

describe('the settings page', () => {
  it('shows every row, and only what is searched for', async () => {
    const { search } = await opened();
    for (const row of settingRows()) expect(screen.getAllByText(row.label).length, row.label).toBeGreaterThan(0);
    search.query = 'folder';
    await waitFor(() => expect(screen.queryByText('Theme')).toBeNull());
    expect(screen.getByText('/home/ada/.local/share/sirocco')).toBeTruthy();
    search.query = 'xyzzy';
    expect(await screen.findByText('No setting matches “xyzzy”.')).toBeTruthy();
  });

  it('saves a switch at once', async () => {
    const { backend, user } = await opened();
    const toggle = screen.getByRole('switch', { name: 'Enter sends' });
    expect(toggle.getAttribute('aria-checked')).toBe('true');
    await user.click(toggle);
    await waitFor(() => expect(backend.settings.enter_sends).toBe(false));
    expect(toggle.getAttribute('aria-checked')).toBe('false');
  });

  it('puts a refused change back and says so', async () => {
    const { all, backend, user } = await opened();
    backend.fail('settings_set', { message: 'the disk is full' });
    const toggle = screen.getByRole('switch', { name: 'Enter sends' });
    await user.click(toggle);
    await waitFor(() => expect(all.toasts.items[0]?.text).toBe('The disk is full.'));
    expect(toggle.getAttribute('aria-checked')).toBe('true');
  });

  it('keeps a typed number within its range, and goes back to the default', async () => {
    const { backend, user } = await opened();
    const field = screen.getByRole('spinbutton', { name: 'Temperature' });
    await user.clear(field);
    await user.type(field, '99');
    await user.tab();
    await waitFor(() => expect(backend.settings.default_parameters.temperature).toBe(5));
    await user.click(await screen.findByRole('button', { name: 'Reset Temperature to its default' }));
    await waitFor(() => expect(backend.settings.default_parameters.temperature).toBeNull());
    expect(screen.queryByRole('button', { name: 'Reset Temperature to its default' })).toBeNull();
  });

  it('saves the system prompt when the field is left', async () => {
    const { backend, user } = await opened();
    await user.type(screen.getByRole('textbox', { name: 'System prompt' }), 'Be brief.');
    await user.tab();
    await waitFor(() => expect(backend.settings.default_system_prompt).toBe('Be brief.'));
  });

  it('leaves the longest answer open unless a limit is set', async () => {
    const { backend, user } = await opened();
    await user.click(within(document.getElementById('setting-max_tokens')!).getByRole('button', { name: 'Limit' }));
    await waitFor(() => expect(backend.settings.default_parameters.max_tokens).toBe(2048));
    await user.click(await screen.findByRole('button', { name: 'Reset Longest answer to its default' }));
    await waitFor(() => expect(backend.settings.default_parameters.max_tokens).toBeNull());
  });
});

describe('appearance', () => {
  const root = document.documentElement;

  it('applies at once and is kept', async () => {
    const { backend, user } = await opened();
    expect([root.dataset.accent, root.dataset.density]).toEqual(['sirocco', 'comfortable']);
    await user.click(screen.getByRole('radio', { name: 'Sea' }));
    expect(root.dataset.accent).toBe('sea');
    await waitFor(() => expect(backend.settings.appearance.accent).toBe('sea'));
    const size = screen.getByRole('spinbutton', { name: 'Size of the interface' });
    await user.clear(size);
    await user.type(size, '300');
    await user.tab();
    expect(root.style.getPropertyValue('--interface-scale')).toBe('1.25');
    await waitFor(() => expect(backend.settings.appearance).toMatchObject({ accent: 'sea', interface_percent: 125 }));
    expect(JSON.parse(localStorage.getItem('sirocco.appearance') ?? '')).toEqual(backend.settings.appearance);
  });

  it('goes back to the default, one setting at a time', async () => {
    const { backend, user } = await opened('', { settings: { appearance: { ...APPEARANCE_STANDARD, accent: 'rose', transcript_percent: 120, density: 'compact' } } });
    expect(root.dataset.density).toBe('compact');
    await user.click(screen.getByRole('button', { name: 'Reset Density to its default' }));
    await waitFor(() => expect(backend.settings.appearance).toMatchObject({ accent: 'rose', density: 'comfortable', transcript_percent: 120 }));
    expect(root.dataset.density).toBe('comfortable');
  });

  it('turns the interface round, and gives messages other letters', async () => {
    const { backend, user } = await opened();
    expect([root.dir, root.dataset.typeface]).toEqual(['ltr', 'sans']);
    screen.getByLabelText('Direction of the interface: As the language').focus();
    await user.keyboard('{Enter}');
    await user.click(await screen.findByRole('option', { name: 'Right to left' }));
    await waitFor(() => expect(backend.settings.appearance.direction).toBe('right_to_left'));
    expect(root.dir).toBe('rtl');
    await user.click(screen.getByRole('button', { name: 'Reset Direction of the interface to its default' }));
    await waitFor(() => expect(root.dir).toBe('ltr'));
    screen.getByLabelText('Typeface of messages: As the interface').focus();
    await user.keyboard('{Enter}');
    await user.click(await screen.findByRole('option', { name: 'With serifs' }));
    await waitFor(() => expect(backend.settings.appearance.typeface).toBe('serif'));
    expect(root.dataset.typeface).toBe('serif');
  });

  it('goes back when the backend refuses', async () => {
    const { backend, user } = await opened();
    backend.fail('settings_set', { message: 'the disk is full' });
    await user.click(screen.getByRole('radio', { name: 'Violet' }));
    await waitFor(() => expect(root.dataset.accent).toBe('sirocco'));
  });
});
