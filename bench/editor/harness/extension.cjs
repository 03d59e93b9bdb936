// Shares the extension host with what is measured and answers questions about it. It does nothing between
// two questions, and it is in the host that is compared with as well.
const { statSync, writeFileSync } = require('node:fs');
const { createServer, Server } = require('node:http');
const { join } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const vscode = require('vscode');

const { BENCH_WINDOWS, BENCH_GATEWAY, BENCH_SERVERS } = process.env;
/** Of a window that goes to the servers without the product: label, address and access, by id. */
const servers = new Map(Object.entries(JSON.parse(BENCH_SERVERS ?? '{}')));
const gateway = { seen: undefined };

/** What VS Code sends to a gateway in this process: the first request says where it listens, and its key. */
function noteGateway() {
  const { emit } = Server.prototype;
  Server.prototype.emit = function (event, ...values) {
    const authorization = event === 'request' ? values[0].headers.authorization : undefined;
    if (authorization !== undefined) {
      Server.prototype.emit = emit;
      gateway.seen = { address: this.address(), authorization };
    }
    return emit.call(this, event, ...values);
  };
}

const memory = () => ({ pid: process.pid, atMs: performance.now(), ...process.memoryUsage() });

/** The host is started without --expose-gc. */
function collect() {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  for (let turn = 0; turn < 3; turn++) gc();
}

/** What the product does once it is connected: VS Code is told of the servers, and to start them. */
function offerServers() {
  return vscode.lm.registerMcpServerDefinitionProvider('bench', {
    provideMcpServerDefinitions: () =>
      [...servers.values()].map(
        ({ label, url, headers }) =>
          new vscode.McpHttpServerDefinition(label, vscode.Uri.parse(url), headers, '1'),
      ),
  });
}

async function startServers() {
  for (const { label } of servers.values())
    void vscode.commands.executeCommand(
      'workbench.mcp.startServer',
      `enterprise-mcp.bench-harness/${label}`,
      { waitForLiveTools: true },
    );
}

/** The least a gateway could be: every request is fetched with the server's access, and its answer given back. */
async function passOn(request, response) {
  const { url, headers } = servers.get(request.url.slice('/mcp/'.length));
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const kept = ['content-type', 'accept', 'mcp-session-id', 'mcp-protocol-version'].flatMap(
    (name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]]),
  );
  const answer = await fetch(url, {
    method: request.method,
    headers: { ...Object.fromEntries(kept), ...headers },
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

async function listenPlainly() {
  const server = createServer((request, response) => {
    passOn(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port };
}

/** "Startup Performance" of VS Code, whose table says what each call of `activate` took. */
async function startupReport() {
  await vscode.commands.executeCommand('perfview.show');
  const shown = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'perf');
  return shown?.getText() ?? '';
}

const isMark = ({ name }) =>
  /^code\/extHost\/(will|did)(LoadExtensionCode|ActivateExtension)\//.test(name);

const questions = {
  '/marks': () => globalThis.MonacoPerformanceMarks.getMarks().filter(isMark),
  '/startup': startupReport,
  /** Files that were loaded, by extension folder. */
  '/loaded': () => Object.keys(require.cache).map((file) => ({ file, bytes: statSync(file).size })),
  '/memory': memory,
  '/collected': () => {
    collect();
    return memory();
  },
  '/cpu': () => ({ atMs: performance.now(), ...process.cpuUsage() }),
  '/start': startServers,
  '/plain': listenPlainly,
  '/tools': () => vscode.lm.tools.length,
  '/gateway': () => gateway.seen ?? {},
};

exports.activate = async ({ subscriptions }) => {
  if (BENCH_GATEWAY !== undefined) noteGateway();
  if (servers.size > 0) subscriptions.push(offerServers());
  const server = createServer(({ url }, response) => {
    Promise.resolve(questions[url]?.()).then(
      (answer) => response.end(JSON.stringify(answer ?? {})),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  subscriptions.push({ dispose: () => server.close() });
  writeFileSync(join(BENCH_WINDOWS, `${process.pid}.json`), JSON.stringify(server.address()));
};
