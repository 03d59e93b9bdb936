// Keeps other web sites away from the administration: they can reach this computer's ports as well.
import type { NextFunction, Request, Response } from 'express';
import { isLoopbackHost } from './loopback.ts';

/** Refuses foreign names, foreign origins, and writes a foreign page could make without asking. */
export function sameSiteOnly(request: Request, response: Response, next: NextFunction): void {
  const { host, origin } = request.headers;
  const site = request.get('sec-fetch-site');
  const refuse = (status: number, error: string) => {
    response.status(status).json({ error });
  };
  if (!isLoopbackHost(host)) {
    refuse(421, 'this host is not me');
    return;
  }
  if (request.method === 'GET' || request.method === 'HEAD') {
    next();
    return;
  }
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (foreignSite || (origin !== undefined && origin !== `http://${host ?? ''}`)) {
    refuse(403, 'another site must not do this');
  } else if (request.method !== 'DELETE' && request.is('application/json') !== 'application/json') {
    // A form or a plain-text body needs no preflight; JSON and DELETE do, and get no permission.
    refuse(415, 'send application/json');
  } else next();
}
