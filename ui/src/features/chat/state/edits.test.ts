import { describe, expect, it } from 'vitest';
import { Edits } from './edits.svelte';

describe('a message being edited', () => {
  it('stays open in its conversation with what was typed', () => {
    const edits = new Edits();
    edits.begin('c1', 'm1');
    edits.change('m1', 'half a thought');
    edits.begin('c2', 'm9');
    expect([edits.open('c1'), edits.open('c2'), edits.open(null)]).toEqual(['m1', 'm9', null]);
    expect(edits.start('m1', 'as saved')).toBe('half a thought');
    expect(edits.start('m9', 'as saved')).toBe('as saved');
  });

  it('keeps its text while another message of the conversation is edited', () => {
    const edits = new Edits();
    edits.begin('c', 'm1');
    edits.change('m1', 'first');
    edits.begin('c', 'm2');
    edits.end('c');
    edits.begin('c', 'm1');
    expect(edits.start('m1', 'as saved')).toBe('first');
  });

  it('is forgotten when it is saved or cancelled', () => {
    const edits = new Edits();
    edits.begin('c', 'm');
    edits.change('m', 'typed');
    edits.end('c');
    expect(edits.open('c')).toBeNull();
    expect(edits.start('m', 'as saved')).toBe('as saved');
  });

  it('comes into view when asked for, and not when it is merely shown again', () => {
    const edits = new Edits();
    edits.begin('c', 'm');
    expect([edits.arrives('m'), edits.arrives('m')]).toEqual([true, false]);
  });
});
