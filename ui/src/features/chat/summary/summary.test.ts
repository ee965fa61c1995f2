import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from '../ChatPage.svelte';
import { sessionOf } from '../session';

async function page() {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const stored = backend.stored.get('c-0');
  const question = stored?.messages[0];
  if (!stored || !question) throw new Error('the script has no conversation');
  question.summary = { id: 's-1', text: 'Ada asked about strings.', message_count: 6, created_at_ms: 1, model_name: 'Qwen', edited: false };
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  state.navigation.openConversation('c-0');
  render(ChatPage, { context: siroccoContext(state) });
  const head = await screen.findByRole('button', { name: /Summary of 6 earlier messages/ });
  await fireEvent.click(head);
  return { backend, state, question, chat: sessionOf(state), head };
}

describe('a summary in the transcript', () => {
  it('is opened to see what it says and who wrote it', async () => {
    const { head } = await page();
    expect(await screen.findByText('Ada asked about strings.')).toBeTruthy();
    expect(screen.getByText('Written by Qwen. The messages above stay.')).toBeTruthy();
    expect(head.getAttribute('aria-expanded')).toBe('true');
    await fireEvent.click(head);
    expect(screen.queryByText('Ada asked about strings.')).toBeNull();
  });

  it('says whether models are sent it', async () => {
    const { chat, head } = await page();
    expect(head.textContent).toContain('not sent now');
    await chat.changeOverflow('summarise');
    await waitFor(() => expect(head.textContent).toContain('sent in their place'));
  });

  it('takes other words', async () => {
    const { question } = await page();
    await fireEvent.click(screen.getByRole('button', { name: 'Edit the summary' }));
    const field = screen.getByRole('textbox', { name: 'Text of the summary' });
    await fireEvent.input(field, { target: { value: 'Ada asked about graphemes.' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('Ada asked about graphemes.')).toBeTruthy();
    expect(question.summary).toMatchObject({ edited: true });
    expect(screen.getByText('Changed by you. The messages above stay.')).toBeTruthy();
  });

  it('is undone', async () => {
    const { question } = await page();
    await fireEvent.click(screen.getByRole('button', { name: 'Send the messages instead' }));
    await waitFor(() => expect(screen.queryByText(/Summary of 6/)).toBeNull());
    expect(question.summary).toBeNull();
  });
});
