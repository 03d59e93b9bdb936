import path from 'node:path';

/** Builds every bundle, then the VSIX; answers its path. */
export async function packageVsix({ root, processes }) {
  const vsix = path.join(root, 'dist/enterprise-mcp.vsix');
  const run = async (args) => {
    const { code } = await processes.run(process.execPath, args, {
      cwd: root,
      timeoutMs: 2 * 60_000,
    });
    if (code !== 0) throw new Error(`${path.basename(args[0])} did not succeed.`);
  };
  await run([path.join(root, 'esbuild.mjs')]);
  await run([
    path.join(root, 'node_modules/@vscode/vsce/vsce'),
    ...[
      'package',
      '--no-dependencies',
      '--allow-missing-repository',
      '--no-rewrite-relative-links',
      ...['--readme-path', 'docs/EXTENSION.md'],
    ],
    ...['--out', vsix],
  ]);
  return vsix;
}
