import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { CRASHES } from '$/lib/backend/scripted/crashes';
import { Sirocco } from '$/lib/state';
import { tellOfCrash } from './crashNews';

describe('a start after a crash', () => {
  it('tells of it once and leads to the report', async () => {
    const state = new Sirocco(new ScriptedBackend({ crashNews: CRASHES[2] }));
    await tellOfCrash(state);
    await tellOfCrash(state);
    expect(state.toasts.items.map((toast) => toast.text)).toEqual(['Sirocco stopped unexpectedly the last time']);
    const [toast] = state.toasts.items;
    expect([toast?.tone, toast?.detail]).toEqual(['neutral', 'A report is kept on this machine. Nothing is sent.']);
    toast?.action?.run();
    expect([state.navigation.settingsPlace, state.navigation.settingsRow]).toEqual(['crashes', 'crash-1']);
  });

  it('says of an app that was only not closed no more than that', async () => {
    const state = new Sirocco(new ScriptedBackend({ crashNews: CRASHES[0] }));
    await tellOfCrash(state);
    expect(state.toasts.items.map((toast) => toast.text)).toEqual(['Sirocco did not close properly last time']);
  });

  it('after a good end says nothing', async () => {
    const state = new Sirocco(new ScriptedBackend());
    await tellOfCrash(state);
    expect(state.toasts.items).toEqual([]);
  });
});
