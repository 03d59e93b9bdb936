// The same servers without the product: somebody signed in elsewhere, and put the access into the hands of
// the harness, for VS Code to use directly.
import { createEmployee } from '../../test/support/employee.ts';

export interface DirectServers {
  /** For the harness, by server id. */
  readonly environment: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

export async function openDirectServers(profile: object): Promise<DirectServers> {
  const employee = await createEmployee({ profile, person: 'alice' });
  await employee.signIn();
  const all = () => employee.connections.overview().connections;
  await employee.until(() => all().every(({ state }) => state.kind === 'connected'), 30_000);
  const servers = await Promise.all(
    all().map(async ({ id, label, url }) => {
      const connection = employee.connections.connection(id)!;
      const access = await connection.accessToken(new AbortController().signal);
      return [
        id,
        { label, url, headers: await access.authorize({ method: 'POST', url }) },
      ] as const;
    }),
  );
  return {
    environment: { BENCH_SERVERS: JSON.stringify(Object.fromEntries(servers)) },
    end: () => employee.dispose(),
  };
}
