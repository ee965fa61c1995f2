import { describe, expect, it } from 'vitest';
import { screen, waitFor } from '@testing-library/svelte';
import type { UserEvent } from '@testing-library/user-event';
import { opened } from './opened';

async function added(user: UserEvent, address: string, token = ''): Promise<void> {
  await user.type(screen.getByRole('textbox', { name: 'Address' }), address);
  if (token) await user.type(screen.getByLabelText('Token'), token);
  await user.click(screen.getByRole('button', { name: 'Add' }));
}

describe('engines on other machines', () => {
  it('are added with their token, which leaves the page, and bring their models', async () => {
    const { all, backend, user } = await opened('endpoint openai');
    await user.type(screen.getByRole('textbox', { name: 'Name' }), 'Workstation');
    await added(user, '10.0.0.5:8000', 'sk-secret');
    expect(await screen.findByText('Workstation')).toBeTruthy();
    expect(screen.getByText('Answers · 2 models')).toBeTruthy();
    const asked = backend.calls.find((call) => call.command === 'engine_add')?.request;
    expect(asked).toEqual({ name: 'Workstation', address: '10.0.0.5:8000', token: 'sk-secret' });
    expect((screen.getByLabelText('Token') as HTMLInputElement).value).toBe('');
    expect(all.models.models.filter((model) => model.remote).map((model) => model.name).sort()).toEqual(['llama-3.3-70b', 'qwen3-32b']);
    expect(all.models.local.some((model) => model.remote)).toBe(false);
  });

  it('say why they were not added, and keep what was typed', async () => {
    const { user } = await opened('endpoint openai');
    await added(user, 'nobody:1');
    expect((await screen.findByRole('alert')).textContent).toContain('does not answer');
    expect((screen.getByRole('textbox', { name: 'Address' }) as HTMLInputElement).value).toBe('nobody:1');
  });

  it('are tested and removed, once that is confirmed', async () => {
    const { all, backend, user } = await opened('endpoint openai');
    await added(user, '10.0.0.5:8000');
    backend.fail('engine_test', { message: '`10.0.0.5:8000` wants a token' });
    await user.click(await screen.findByRole('button', { name: 'Test 10.0.0.5:8000' }));
    expect((await screen.findByRole('alert')).textContent).toContain('wants a token');
    backend.succeed('engine_test');
    await user.click(screen.getByRole('button', { name: 'Test 10.0.0.5:8000' }));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());

    await user.click(screen.getByRole('button', { name: 'Remove 10.0.0.5:8000' }));
    await user.click(await screen.findByRole('button', { name: 'Remove' }));
    await waitFor(() => expect(screen.queryByText('10.0.0.5:8000')).toBeNull());
    expect(all.models.models.some((model) => model.remote)).toBe(false);
  });
});
