/** Something that is asked for, and how that went. */
import { BackendError } from '$/lib/backend';

export type Settled<T> = { type: 'ready'; value: T } | { type: 'failed'; error: BackendError };
export type Loadable<T> = { type: 'loading' } | Settled<T>;

export const LOADING = { type: 'loading' } as const;

/** Waits for an answer; never rejects. */
export async function loaded<T>(answer: Promise<T>): Promise<Settled<T>> {
  try {
    return { type: 'ready', value: await answer };
  } catch (thrown) {
    return { type: 'failed', error: BackendError.from(thrown) };
  }
}
