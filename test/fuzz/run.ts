// npm run fuzz -- [seconds] [words of a target's name]: all targets in turn, for so long altogether.
import { companyTargets } from './companyTargets.ts';
import { gatewayTargets } from './gatewayTargets.ts';
import { hereTargets } from './hereTargets.ts';
import { wireTarget } from './wireTarget.ts';

const longestSec = 3_600;
const [given = '60', ...words] = process.argv.slice(2);
const seconds = Number(given);
if (!(seconds > 0 && seconds <= longestSec)) {
  console.error(`usage: npm run fuzz -- [seconds, at most ${longestSec}] [target]`);
  process.exit(2);
}
const all = [...gatewayTargets, ...companyTargets, ...hereTargets, await wireTarget()];
const targets = all.filter(({ name }) => name.includes(words.join(' ')));
let failed = targets.length === 0 ? 1 : 0;
for (const { name, run } of targets) {
  try {
    const limitMs = (seconds * 1_000) / targets.length;
    const tried = await run({ runs: Number.MAX_SAFE_INTEGER, limitMs });
    console.log(`${name}: ${tried} tried`);
  } catch (error) {
    failed++;
    console.error(`${name}:`, error);
  }
}
for (const { end } of all) await end?.();
process.exitCode = failed > 0 ? 1 : 0;
