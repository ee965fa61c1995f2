import { afterEach, describe, expect, it, vi } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco } from '$/lib/state';
import { sessionOf } from './session';

afterEach(() => vi.unstubAllGlobals());

const NOTICE = { conversation_id: 'c-2', title: 'Tides', text: 'Two bulges.' };

/** A page in front of which nobody is, unless the last argument says so. */
async function told(permission: NotificationPermission, host: 'window' | 'browser', here = false) {
  const shown: { title: string; options: NotificationOptions; onclick?: () => void; close: () => void }[] = [];
  class Shown {
    static permission = permission;
    close = vi.fn();
    constructor(
      readonly title: string,
      readonly options: NotificationOptions,
    ) {
      shown.push(this);
    }
  }
  vi.stubGlobal('Notification', Shown);
  const backend = new ScriptedBackend({ host });
  const state = new Sirocco(backend);
  await state.reload();
  sessionOf(state);
  if (!here) window.dispatchEvent(new Event('blur'));
  backend.emit({ type: 'long_answer_ended', notice: NOTICE });
  return { shown, state };
}

describe('a long answer that ended', () => {
  it('is told by a browser that may, and a click opens it', async () => {
    const { shown, state } = await told('granted', 'browser');
    expect(shown).toMatchObject([{ title: 'Tides', options: { body: 'Two bulges.', tag: 'c-2' } }]);
    shown[0]?.onclick?.();
    expect(state.navigation.conversationId).toBe('c-2');
    expect(shown[0]?.close).toHaveBeenCalledOnce();
  });

  it('is not told to whoever is there', async () => {
    expect((await told('granted', 'browser', true)).shown).toEqual([]);
  });

  it('is not told without leave, nor beside the desktop app, which tells of it itself', async () => {
    expect((await told('default', 'browser')).shown).toEqual([]);
    expect((await told('granted', 'window')).shown).toEqual([]);
  });
});
