// @vitest-environment jsdom
/** The inspector and the dialogs of prompts against axe-core; contrast needs a layout and is checked over the tokens. */
import { render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { violations } from '$/lib/axe';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { NO_PARAMETERS } from '$/lib/layers';
import { Sirocco, siroccoContext } from '$/lib/state';
import ParametersPanel from './ParametersPanel.svelte';
import BuilderDialog from './prompts/BuilderDialog.svelte';
import { PromptInsertion } from './prompts/insertion.svelte';
import LibraryDialog from './prompts/LibraryDialog.svelte';
import SlashMenu from './prompts/SlashMenu.svelte';
import { ChatSession } from './state/session.svelte';

async function started() {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const state = new Sirocco(backend);
  await state.reload();
  const chat = new ChatSession(state);
  await chat.prompts.load();
  const insertion = new PromptInsertion(chat.prompts, chat.draft);
  return { chat, insertion, context: siroccoContext(state) };
}

// A run over a whole page takes seconds on a machine that is busy.
describe('the chat has no violations of axe', { timeout: 60_000 }, () => {
  it('in the inspector with a preset and a value set here', async () => {
    const { chat, context } = await started();
    chat.changeSettings({ preset_id: 'p-code', parameters: { ...NO_PARAMETERS, temperature: 1 } });
    render(ParametersPanel, { props: { chat }, context });
    await screen.findByText('1 value differs from the preset');
    expect(await violations()).toEqual([]);
  });

  it('in the list behind the slash', async () => {
    const { insertion, context } = await started();
    insertion.slash = { start: 0, end: 1, query: '' };
    render(SlashMenu, { props: { id: 'list', insertion }, context });
    await screen.findByRole('listbox');
    expect(await violations()).toEqual([]);
  });

  it('in the prompt library', async () => {
    const { chat, insertion, context } = await started();
    insertion.dialog = 'library';
    render(LibraryDialog, { props: { library: chat.prompts, insertion }, context });
    await screen.findByRole('dialog');
    expect(await violations()).toEqual([]);
  });

  it('in the prompt builder', async () => {
    const { chat, insertion, context } = await started();
    insertion.dialog = 'builder';
    render(BuilderDialog, { props: { chat, insertion }, context });
    await screen.findByRole('dialog');
    expect(await violations()).toEqual([]);
  });
});
