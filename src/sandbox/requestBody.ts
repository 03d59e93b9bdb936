// Reads what an administrator sent.
import type { Request, Response } from 'express';
import { z } from 'zod';

/** The body, or undefined after an answer that says what is wrong with it. */
export function bodyOf<T>(
  schema: z.ZodType<T>,
  request: Request,
  response: Response,
): T | undefined {
  const parsed = schema.safeParse(request.body ?? {});
  if (parsed.success) return parsed.data;
  response.status(400).json({ error: z.prettifyError(parsed.error) });
  return undefined;
}
