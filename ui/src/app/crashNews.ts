/** Says that the run before this one did not end well, once: the backend tells it to whoever asks first. */
import type { Sirocco } from '$/lib/state';
import { crashStrings as s } from '$/lib/strings.en';

/** Long enough to be read by somebody who has just started the app. */
const SHOWN_MS = 20_000;

export async function tellOfCrash({ backend, navigation, toasts }: Sirocco): Promise<void> {
  try {
    const crash = await backend.call('crash_take', {});
    if (!crash) return;
    toasts.show(crash.kind.type === 'unclosed' ? s.lastUnclosed : s.lastPanic, {
      detail: s.lastText,
      action: { label: s.show, run: () => navigation.openSettings('crashes', crash.id) },
      duration_ms: SHOWN_MS,
    });
  } catch (thrown) {
    toasts.error(thrown);
  }
}
