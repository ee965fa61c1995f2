import type { Toasts } from '$/lib/state';
import { serverStrings as s } from './strings.en';

/** Puts text on the clipboard and says so. */
export async function copyText(toasts: Toasts, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.show(s.copied, { duration_ms: 2000 });
  } catch (thrown) {
    toasts.error(thrown);
  }
}
