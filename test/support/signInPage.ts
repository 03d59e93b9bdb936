// The identity provider's pages, as a person sees it. The sandbox's password is the person's name.
import type { Page } from 'playwright-core';

/** True once this page is the company's sign-in page. */
export async function isSignInPage(page: Page): Promise<boolean> {
  return (await page.title()) === 'Sign in to Acme';
}

export async function signInAs(page: Page, person: string): Promise<void> {
  await page.locator('input[name=username]').fill(person);
  await page.locator('input[name=password]').fill(person);
  await page.locator('button[type=submit]').first().click();
}

/** True once this page is the company's question whether to sign out. */
export async function isSignOutPage(page: Page): Promise<boolean> {
  return (await page.title()) === 'Sign out of Acme';
}

export async function confirmSignOut(page: Page): Promise<void> {
  await page.locator('button[name=logout]').click();
}
