// Shares the extension host with the product and starts before it, to learn every secret of the run, so that
// a test can look for each of them afterwards. Writes one per line: kind, value.
const { appendFileSync } = require('node:fs');
const { Server } = require('node:http');

const file = process.env.TEST_SECRETS;
const kinds = new Set([
  'access_token',
  'refresh_token',
  'id_token',
  'assertion',
  'subject_token',
  'token',
  'id_token_hint',
  'client_secret',
  'code',
  'code_verifier',
]);

const record = (kind, value) => {
  if (typeof value === 'string' && value.length >= 16)
    appendFileSync(file, `${JSON.stringify({ kind, value })}\n`);
};

const recordAll = (entries) => {
  for (const [kind, value] of entries) if (kinds.has(kind)) record(kind, value);
};

function recordFetch() {
  const plainFetch = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const [scheme, credential] = (request.headers.get('authorization') ?? '').split(' ');
    record(`authorization ${scheme}`, credential);
    if (/x-www-form-urlencoded/.test(request.headers.get('content-type') ?? ''))
      recordAll(new URLSearchParams(await request.text()));
    const response = await plainFetch(input, init);
    if (/json/.test(response.headers.get('content-type') ?? '')) {
      const body = await response
        .clone()
        .json()
        .catch(() => ({}));
      recordAll(Object.entries(body ?? {}));
    }
    return response;
  };
}

/** What VS Code sends to a gateway in this process: its key is in a header. */
function recordGateway() {
  const emit = Server.prototype.emit;
  Server.prototype.emit = function (event, ...values) {
    if (event === 'request')
      for (const [name, value] of Object.entries(values[0].headers))
        if (/key$|authorization/.test(name)) record('gateway key', value.split(' ').at(-1));
    return emit.call(this, event, ...values);
  };
}

exports.activate = () => {
  if (file === undefined) return;
  recordFetch();
  recordGateway();
};
