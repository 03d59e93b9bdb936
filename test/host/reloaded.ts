// The same window after a reload. Nobody sits at the browser.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { createAcme } from './acme.ts';
import { createProduct, serverNames } from './product.ts';
import { runSuite } from './suite.ts';

export const run = (): Promise<void> => runSuite(define);

function define(): void {
  const acme = createAcme();
  const product = createProduct({ listForgets: !vscode.version.startsWith('1.105.') });

  describe(`After a reload of VS Code ${vscode.version}`, () => {
    it('is connected to all four servers without a click', async () => {
      await product.activate();
      for (const server of serverNames) await product.start(server);
      assert.match(await product.ask('Tickets'), /alice/);
      const accounts = await vscode.authentication.getAccounts('enterprise-mcp');
      assert.match(accounts[0]?.label ?? '', /alice/);
    });

    it('opened no page, showed no dialog, fell back nowhere', async () => {
      assert.deepEqual(await acme.browser.seen(), { pages: [], dialogs: [] });
      const fallbacks = (await acme.ledger()).filter(({ leg }) => leg === 'fallback');
      assert.deepEqual(fallbacks, []);
    });

    it('signs out as if there had been no reload', async () => {
      await acme.browser.expectVisitor({ person: 'alice' });
      await product.run('enterpriseMcp.signOut');
      await acme.signedOut();
    });
  });
}
