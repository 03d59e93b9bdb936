// What is left of an answer nobody waits for. To cancel it ends the connection too, and the next call would pay
// for another, with its TLS handshake; most servers are about to end the answer anyway.

/** For a server to end it, milliseconds. */
const graceMs = 1_000;
const maxBytes = 65_536;

/** Reads it to its end where that is near, and cuts off what goes on. Never rejects. */
export async function readOut(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  const cut = () => {
    reader.cancel().catch(() => undefined);
  };
  const late = AbortSignal.timeout(graceMs);
  late.addEventListener('abort', cut, { once: true });
  try {
    for (let left = maxBytes; left >= 0;) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.byteLength;
    }
    cut();
  } catch {
    // It broke off, which ends it as well.
  } finally {
    late.removeEventListener('abort', cut);
  }
}
