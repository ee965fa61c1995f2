/**
 * Notifications of the browser, for pages that a browser shows; the window host tells the desktop itself.
 *
 * A browser shows them only after its person allowed it, on the settings page.
 */
import type { Notice } from '$/gen/protocol';

/** Whether the browser may: `default` says that it was not asked; `denied` also where there are none. */
export function noticesHere(): NotificationPermission {
  return 'Notification' in window ? Notification.permission : 'denied';
}

/** Asks the person; only after something was clicked. */
export async function askForNotices(): Promise<NotificationPermission> {
  return 'Notification' in window ? Notification.requestPermission() : 'denied';
}

/** Shows a notice if the browser may, and does `open` when it is clicked. */
export function showNotice({ conversation_id, title, text }: Notice, open: () => void): void {
  if (noticesHere() !== 'granted') return;
  // Several tabs that tell of the same answer tell of it once.
  const shown = new Notification(title, { body: text, tag: conversation_id });
  shown.onclick = () => {
    window.focus();
    shown.close();
    open();
  };
}
