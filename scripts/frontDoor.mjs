// A link that signs the person's browser in to this run's code-server, so that nobody types its password.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const form = ({ url, password, folder }) => `<!doctype html>
<meta charset="utf-8"><title>Opening VS Code</title>
<form method="post" action="${url}/login?${new URLSearchParams({ to: '/', folder }).toString()}">
<input type="hidden" name="base" value="."><input type="hidden" name="href" value="${url}/login">
<input type="hidden" name="password" value="${password}"><button>Open VS Code</button></form>
<script>document.forms[0].submit()</script>`;

/**
 * Answers a link that works once: another account of this computer could read it off the command line
 * of the browser that opens it, and would get no password for it any more.
 */
export async function startFrontDoor({ url, password, folder }) {
  const key = randomBytes(16).toString('hex');
  const server = createServer((request, response) => {
    if (request.url !== `/${key}` || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    response.end(form({ url, password, folder }));
    server.close();
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${String(server.address().port)}/${key}`;
}
