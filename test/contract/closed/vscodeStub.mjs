// The parts of VS Code that settings and the URI handler use, for a child process that prints what they give.
// A workspace has set every key there is.
const evil = { organization: 'Evil', identityProviders: [], servers: [] };

export const workspace = {
  getConfiguration: () => ({
    get: () => evil,
    inspect: () => ({
      key: '',
      ...JSON.parse(process.env['OWN_SETTING'] ?? '{}'),
      workspaceValue: evil,
      workspaceFolderValue: evil,
      workspaceLanguageValue: evil,
      workspaceFolderLanguageValue: evil,
    }),
  }),
  onDidChangeConfiguration: () => ({ dispose: () => undefined }),
};

export class EventEmitter {
  #listeners = new Set();
  event = (listener) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(value) {
    for (const listener of [...this.#listeners]) listener(value);
  }
  dispose() {
    this.#listeners.clear();
  }
}

export const Disposable = {
  from: (...all) => ({ dispose: () => all.forEach((one) => one.dispose()) }),
};
export class Uri {
  static parse(text) {
    const { pathname: path, search } = new URL(text);
    return { path, query: search.slice(1), toString: () => text };
  }
}
export const env = { uriScheme: 'vscode', asExternalUri: (uri) => Promise.resolve(uri) };
export const handlers = [];
export const window = {
  registerUriHandler: (handler) => {
    handlers.push(handler);
    return { dispose: () => undefined };
  },
};
