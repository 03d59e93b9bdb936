import { chromium, type Browser } from 'playwright-core';

/** Starts Chromium headless. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      // Chromium's own sandbox does not start for root, which CI machines often are.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-dev-shm-usage',
      '--disable-gpu',
      // openExternal opens a window without a click.
      '--disable-popup-blocking',
      '--disable-features=LocalNetworkAccessChecks',
    ],
  });
}
