import { afterEach, describe, expect, it, vi } from 'vitest';
import { printPage } from './printing';

// jsdom has neither windows that take the focus nor a dialog for printing.
function engine(print: () => void): void {
  vi.spyOn(window, 'focus').mockImplementation(() => (document.activeElement as HTMLElement).blur());
  vi.spyOn(document.body, 'append').mockImplementation((frame) => {
    const { contentWindow } = document.body.appendChild(frame as HTMLIFrameElement);
    Object.assign(contentWindow ?? {}, { focus: () => (frame as HTMLIFrameElement).focus(), print });
  });
}

function focusedField(): HTMLTextAreaElement {
  const field = document.body.appendChild(document.createElement('textarea'));
  field.focus();
  return field;
}

describe('printing a page', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    document.body.replaceChildren();
  });

  it('prints the frame, and the focus is then where it was', async () => {
    const field = focusedField();
    const print = vi.fn(() => expect(document.activeElement?.tagName).toBe('IFRAME'));
    engine(print);
    await printPage('<p>A warm wind</p>', 'Print');
    expect(print).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(document.activeElement).toBe(field));
  });

  it('leaves no frame with the focus where nothing had it', async () => {
    engine(() => undefined);
    await printPage('<p>A warm wind</p>', 'Print');
    await vi.waitFor(() => expect(document.activeElement).toBe(document.body));
  });

  it('gives the focus back where there is no printing, and says why', async () => {
    const field = focusedField();
    engine(() => {
      throw new Error('no printer');
    });
    await expect(printPage('<p>A warm wind</p>', 'Print')).rejects.toThrow('no printer');
    await vi.waitFor(() => expect(document.activeElement).toBe(field));
    expect(document.querySelector('iframe')).toBeNull();
  });
});
