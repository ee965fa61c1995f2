/**
 * Makes a text field as high as its text, and `extra_px` more.
 *
 * To be measured it is made low for a blink. The box around it keeps its height meanwhile: otherwise
 * the transcript beside or around it would clamp its position, as if the reader had scrolled up.
 */
export function fitHeight(field: HTMLTextAreaElement, extra_px = 0): void {
  const box = field.parentElement;
  if (box) box.style.minHeight = `${box.offsetHeight}px`;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight + extra_px}px`;
  if (box) box.style.minHeight = '';
}
