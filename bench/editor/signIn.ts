import { signInAs } from '../../test/support/signInPage.ts';
import type { EditorWindow, Person } from './editor.ts';

const minutes = 60_000;

/** Signs in as Alice in the browser, from the status bar, and waits until all servers are connected. */
export async function signInFirst(person: Person, servers: number): Promise<EditorWindow> {
  const window = await person.open();
  const item = window.workbench.statusBarItem('Sign in to Acme');
  await item.waitFor({ timeout: minutes });
  const opened = person.context.waitForEvent('page');
  await item.locator('a').first().click();
  const page = await opened;
  await page.waitForURL(/acme\.localhost/);
  await signInAs(page, 'alice');
  await connected(window, servers);
  return window;
}

/** Waits until the status bar says so. */
export async function connected({ workbench }: EditorWindow, servers: number): Promise<void> {
  await workbench.statusBarItem(`${servers} servers connected`).waitFor({ timeout: minutes });
}
