// A company of the sandbox in this process: quicker to open than one of its own, and of any vendor.
import { openCompany, type Company } from '../../src/sandbox/company.ts';
import type { Setup } from '../../src/sandbox/setup.ts';
import { adminClient, type Sandbox } from './sandbox.ts';

export interface InProcessSandbox extends Sandbox {
  readonly registerKey: Company['registerKey'];
}

/** Opens a company on free ports; the caller stops it. */
export async function startCompany(setup: Setup = {}): Promise<InProcessSandbox> {
  const company = await openCompany({ port: 0, latencyMs: 0, setup });
  return {
    line: company.description,
    admin: adminClient(company.description.admin.api),
    registerKey: company.registerKey,
    stop: () => company.close(),
  };
}
