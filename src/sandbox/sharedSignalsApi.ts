// The administrator tells the security events.
import { Router, type Response } from 'express';
import { z } from 'zod';
import { people } from './catalogue.ts';
import { bodyOf } from './requestBody.ts';
import {
  signalForgeries,
  signalKinds,
  subjectFormats,
  type SharedSignals,
} from './sharedSignals.ts';

const signalBody = z.strictObject({
  kind: z.enum(signalKinds),
  person: z.string(),
  subject: z.enum(subjectFormats).optional(),
  forgery: z.enum(signalForgeries).optional(),
  reason: z.string().optional(),
});

/** @param answer ends a write with the new state of the company */
export function sharedSignalsApi(
  signals: SharedSignals,
  answer: (response: Response) => void,
): Router {
  const api = Router();
  api.get('/', (_request, response) => {
    response.json(signals.state);
  });
  api.post('/', async (request, response) => {
    const body = bodyOf(signalBody, request, response);
    if (body === undefined) return;
    const person = people.find(({ id }) => id === body.person);
    if (person === undefined) {
      response.status(404).json({ error: 'no such person' });
      return;
    }
    await signals.emit(person, body);
    answer(response);
  });
  return api;
}
