// VS Code's window as a person uses it.
import type { Locator, Page } from 'playwright-core';
import { eventually } from './eventually.ts';

export interface Row {
  readonly text: string;
  /** What a screen reader says. */
  readonly name: string;
}

export interface ColorTheme {
  /** As in the theme picker. */
  readonly name: string;
  /** What VS Code marks its window with. */
  readonly className: string;
}

export interface Workbench {
  readonly page: Page;
  statusBarItem(text: string | RegExp): Locator;
  /** Shows the view container from the activity bar. */
  openContainer(title: string): Promise<void>;
  row(text: string | RegExp): Locator;
  /** Drags the edge of the side bar. */
  setSideBarWidth(pixels: number): Promise<void>;
  rows(): Promise<readonly Row[]>;
  runCommand(title: string): Promise<void>;
  /** Picks an entry of the list that is open. */
  pick(text: string): Promise<void>;
  /** The list or question that is open, when it says so. */
  quickInput(text: string | RegExp): Locator;
  /** Chooses these of a list in which many can be chosen, and no other. */
  pickOnly(texts: readonly string[]): Promise<void>;
  notification(text: string | RegExp): Locator;
  tab(text: string): Locator;
  /** Answers the question where to save. */
  saveAs(file: string): Promise<void>;
  /** What VS Code's Markdown preview shows, once it shows `text`. */
  preview(text: string): Promise<Locator>;
  setColorTheme(theme: ColorTheme): Promise<void>;
  screenshot(file: string): Promise<void>;
}

const rowSelector = '.pane-body .monaco-list-row';

/** In one step: between two, the tree may have been painted anew. */
const readRows = `[...document.querySelectorAll('${rowSelector}')].map((row) => ({
  text: row.innerText.replace(/\\s+/g, ' ').trim(),
  name: row.getAttribute('aria-label') ?? '',
}))`;

/** Waits until the window is usable. */
export async function openWorkbench(page: Page, address: string): Promise<Workbench> {
  await page.goto(address);
  await page.locator('.monaco-workbench .statusbar-item').first().waitFor({ timeout: 60_000 });
  const rowLocator = page.locator(rowSelector);

  async function pick(text: string): Promise<void> {
    const entry = page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
    await entry.waitFor();
    await entry.click();
  }

  async function runCommand(title: string): Promise<void> {
    await page.keyboard.press('F1');
    const input = page.locator('.quick-input-widget input').first();
    await input.waitFor();
    await input.fill(`>${title}`);
    await pick(title);
  }

  return {
    page,
    statusBarItem: (text) => page.locator('.statusbar-item', { hasText: text }).first(),
    async openContainer(title) {
      const tab = page.locator('.activitybar').getByRole('tab', { name: title });
      await tab.waitFor({ timeout: 30_000 });
      if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
    },
    row: (text) => rowLocator.filter({ hasText: text }).first(),
    async setSideBarWidth(pixels) {
      const box = await page.locator('.part.sidebar').boundingBox();
      if (box === null) throw new Error('there is no side bar');
      const y = box.y + box.height / 2;
      await page.mouse.move(box.x + box.width, y);
      await page.mouse.down();
      await page.mouse.move(box.x + pixels, y, { steps: 5 });
      await page.mouse.up();
    },
    rows: () => page.evaluate<readonly Row[]>(readRows),
    runCommand,
    pick,
    quickInput: (text) => {
      const widget = page.locator('.quick-input-widget');
      const asks = widget.filter({ has: page.getByPlaceholder(text) });
      return widget.filter({ hasText: text }).or(asks);
    },
    async pickOnly(texts) {
      const entries = page.locator('.quick-input-list .monaco-list-row');
      const many = page.locator('.quick-input-widget.show-checkboxes');
      for (const text of texts) await many.getByText(text, { exact: true }).first().waitFor();
      for (const entry of await entries.all()) {
        const isChosen = (await entry.locator('.monaco-checkbox.checked').count()) > 0;
        const label = (await entry.locator('.label-name').first().innerText()).trim();
        if (isChosen !== texts.includes(label)) await entry.click();
      }
      await page.keyboard.press('Enter');
    },
    notification: (text) => page.locator('.notification-list-item', { hasText: text }),
    tab: (text) => page.locator('.tabs-container .tab', { hasText: text }),
    async saveAs(file) {
      const input = page.locator('.quick-input-widget .quick-input-box input');
      // It offers a name of its own first, and takes over what is typed only after that.
      await eventually('the question offers a name', async () => (await input.inputValue()) !== '');
      await eventually('the question has taken over ours', async () => {
        await input.fill(file);
        await page.waitForTimeout(300);
        return (await input.inputValue()) === file;
      });
      await page.locator('.quick-input-widget').getByText('OK', { exact: true }).click();
    },
    async preview(text) {
      const shown = page
        .frameLocator('iframe.webview.ready')
        .frameLocator('iframe#active-frame')
        .locator('body', { hasText: text });
      await shown.first().waitFor();
      return shown.first();
    },
    async setColorTheme({ name, className }) {
      const picker = page.locator('.quick-input-widget input[placeholder*="Theme"]');
      const entry = page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first();
      // Shortly after the start the picker knows no themes yet, and it does not learn while open.
      await eventually('VS Code knows its themes', async () => {
        await runCommand('Preferences: Color Theme');
        await picker.fill(name);
        if (await entry.isVisible()) return true;
        await page.keyboard.press('Escape');
        return false;
      });
      await entry.click();
      await page.locator(`.monaco-workbench.${className}`).waitFor();
      await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
    },
    async screenshot(file) {
      await page.screenshot({ path: file, animations: 'disabled' });
    },
  };
}
