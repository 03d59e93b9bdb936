// The administrator's hand on the emergency stop.
import { Router, type Response } from 'express';
import { z } from 'zod';
import { servings, type EmergencyStop } from './emergencyStop.ts';
import { bodyOf } from './requestBody.ts';

const list = {
  all: z.boolean().optional(),
  servers: z.array(z.string()).optional(),
  people: z.array(z.string()).optional(),
  lifeSeconds: z.number().int().min(1).optional(),
};
const listBody = z.strictObject(list);
const servingBody = z.strictObject({ ...list, as: z.enum(servings) });

/** @param answer ends a write with the new state of the company */
export function emergencyStopApi(
  stop: EmergencyStop,
  answer: (response: Response) => void,
): Router {
  const api = Router();
  api.put('/', async (request, response) => {
    const body = bodyOf(listBody, request, response);
    if (body === undefined) return;
    await stop.publish(body);
    answer(response);
  });
  api.put('/serving', async (request, response) => {
    const body = bodyOf(servingBody, request, response);
    if (body === undefined) return;
    const { as, ...claimed } = body;
    await stop.serve(as, Object.keys(claimed).length === 0 ? { all: true } : claimed);
    answer(response);
  });
  return api;
}
