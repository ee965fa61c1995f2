import type { Sirocco } from '$/lib/state';
import { libraryStrings as s } from '$/lib/strings.en';

/** Puts text on the clipboard and says so. */
export async function copyText({ toasts }: Sirocco, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.show(s.copied, { duration_ms: 2000 });
  } catch (thrown) {
    toasts.error(thrown);
  }
}
