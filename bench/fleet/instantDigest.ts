// A digest is made by another thread, so its answer comes at a moment the fake clock knows nothing of, and two
// runs would differ. The same digest made here and now.
import { createHash } from 'node:crypto';

/** For as long as `task` runs. */
export async function withInstantDigest<T>(task: () => Promise<T>): Promise<T> {
  const { subtle } = crypto;
  const digest = (_: unknown, data: Uint8Array): Promise<ArrayBuffer> => {
    const bytes = createHash('sha256').update(data).digest();
    return Promise.resolve(Uint8Array.from(bytes).buffer);
  };
  Object.defineProperty(subtle, 'digest', { configurable: true, value: digest });
  try {
    return await task();
  } finally {
    Reflect.deleteProperty(subtle, 'digest');
  }
}
