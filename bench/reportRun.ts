// bench/RESULTS.md anew, from what was measured before.
import { writeReport } from './report.ts';

await writeReport();
