import { describe, expect, it } from 'vitest';
import { FrameLayout } from './layout.svelte';

function at(width: number): FrameLayout {
  const layout = new FrameLayout();
  layout.windowWidth = width;
  return layout;
}

describe('the columns', () => {
  it('stand side by side where there is room', () => {
    const layout = at(1440);
    expect([layout.listShown, layout.inspectorShown, layout.covered]).toEqual([true, true, false]);
  });

  it('under 900 px the inspector lies over the main column, closed until asked for', () => {
    const layout = at(899);
    expect([layout.listShown, layout.inspectorShown]).toEqual([true, false]);
    layout.toggleInspector();
    expect([layout.inspectorShown, layout.covered]).toEqual([true, true]);
  });

  it('leave the main column wide enough to read in', () => {
    const layout = at(1000);
    expect(layout.inspectorShown).toBe(false);
    layout.toggleList();
    expect(layout.inspectorShown).toBe(true);
  });

  it('under 700 px the list does too, and only one of them at a time', () => {
    const layout = at(480);
    expect(layout.listShown).toBe(false);
    layout.toggleList();
    layout.toggleInspector();
    expect([layout.listShown, layout.inspectorShown]).toEqual([false, true]);
    layout.uncover();
    expect(layout.covered).toBe(false);
  });

  it('remember how they stood side by side when the window grows again', () => {
    const layout = at(1440);
    layout.toggleList();
    layout.windowWidth = 600;
    layout.toggleList();
    layout.windowWidth = 1440;
    expect(layout.listShown).toBe(false);
  });

  it('only what is chosen side by side is worth remembering', () => {
    expect(at(1440).toggleInspector()).toBe(false);
    expect(at(600).toggleInspector()).toBeNull();
  });
});
