// The same picture in every theme a person may use.
import path from 'node:path';
import type { Setup } from './setup.ts';
import type { ColorTheme, Workbench } from './workbench.ts';

/** The last one stays. */
const themes = {
  dark: { name: 'Dark Modern', className: 'vs-dark' },
  'high-contrast': { name: 'Dark High Contrast', className: 'hc-black' },
  light: { name: 'Light Modern', className: 'vs' },
} as const satisfies Record<string, ColorTheme>;

/** `<name>.png`; with --update-screenshots `<name>-<theme>.png` for each theme, which takes its time. */
export async function screenshotInThemes(
  workbench: Workbench,
  { artifacts, updateScreenshots }: Pick<Setup, 'artifacts' | 'updateScreenshots'>,
  name: string,
): Promise<void> {
  if (!updateScreenshots) return workbench.screenshot(path.join(artifacts, `${name}.png`));
  for (const [theme, colors] of Object.entries(themes)) {
    await workbench.setColorTheme(colors);
    await workbench.screenshot(path.join(artifacts, `${name}-${theme}.png`));
  }
}
