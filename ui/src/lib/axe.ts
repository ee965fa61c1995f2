/** What axe-core finds wrong with what is rendered, for tests in jsdom. */
import axe from 'axe-core';

// Axe draws letters to tell icon fonts; there is nothing to draw on, and there are none.
HTMLCanvasElement.prototype.getContext = () => null;

/** Contrast needs a layout, and is checked over the tokens. */
export async function violations(): Promise<string[]> {
  const found = await axe.run(document.body, {
    resultTypes: ['violations'],
    // Parts are rendered without the frame, which has the landmarks.
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
}
