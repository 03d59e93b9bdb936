// What scripts/test.mjs found or installed, handed over in one environment variable.

export interface VscodeHost {
  /** Version of VS Code. */
  readonly vscode: string;
  /** The Node.js this host runs on. */
  readonly node: string;
  /** VS Code's server entry. */
  readonly server: string;
  /** code-server's front end. */
  readonly codeServer: string;
}

export type WhichHost = 'newest' | 'minimum';

export interface Setup {
  readonly root: string;
  readonly hosts: Readonly<Record<WhichHost, VscodeHost>>;
  /** Use a desktop VS Code instead of `hosts`. */
  readonly desktop: boolean;
  /** Path of Chromium or Chrome. */
  readonly chromium: string;
  /** Git-ignored folder for screenshots and logs worth keeping. */
  readonly artifacts: string;
  readonly vsix: string;
  readonly updateScreenshots: boolean;
}

/** The setup of this run; the rings that need it are started through npm scripts only. */
export function readSetup(): Setup {
  const text = process.env['TEST_SETUP'];
  if (text === undefined) {
    throw new Error('Start this ring with npm run test:host or npm run test:e2e.');
  }
  return JSON.parse(text) as Setup;
}
