/** Asks `probe` until it answers something other than undefined or false; fails at the deadline. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  { withinMs = 15_000, everyMs = 50 }: { withinMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  const seen: { error?: unknown } = {};
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
      delete seen.error;
    } catch (error) {
      seen.error = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`Not within ${withinMs} ms: ${what}`, { cause: seen.error });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
