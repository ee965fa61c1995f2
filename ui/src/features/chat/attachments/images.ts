/** Attached images, as the page shows them: each is asked for once, for what is attached never changes. */
import type { Attachment, AttachmentId } from '$/gen/protocol';
import type { Backend } from '$/lib/backend';

/** So many stay in memory; the oldest goes first. */
const KEPT = 64;
const known = new WeakMap<Backend, Map<AttachmentId, Promise<string>>>();

export const hasImage = (attachments: readonly Attachment[]): boolean => attachments.some((one) => one.kind === 'image');

/** The address of an image. */
export function imageAddress(backend: Backend, id: AttachmentId): Promise<string> {
  const of = known.get(backend) ?? new Map<AttachmentId, Promise<string>>();
  known.set(backend, of);
  const asked = of.get(id);
  if (asked) return asked;
  const address = backend.call('attachment_image', { id }).then(({ media_type, content_base64 }) => `data:${media_type};base64,${content_base64}`);
  of.set(id, address);
  // One that failed is asked for again.
  address.catch(() => of.delete(id));
  const [oldest] = of.keys();
  if (of.size > KEPT && oldest !== undefined) of.delete(oldest);
  return address;
}
