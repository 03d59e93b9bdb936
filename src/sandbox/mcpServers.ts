// Every MCP server of the company, put to work.
import { createBuilds } from './builds.ts';
import { createDocs } from './docs.ts';
import { loadEverything } from './everything.ts';
import { settle, type House } from './house.ts';
import { createMcpServer, mcpServerEndpoints, type Tools } from './mcpServer.ts';
import { createNotes } from './notes.ts';
import { createTickets } from './tickets.ts';

const own: Readonly<Record<string, () => Tools | Promise<Tools>>> = {
  tickets: createTickets,
  docs: createDocs,
  builds: createBuilds,
  everything: loadEverything,
};

/** A server of another name keeps notes. */
const toolsOf = (id: string): Tools | Promise<Tools> =>
  Object.hasOwn(own, id) ? (own[id]?.() ?? createNotes(id)) : createNotes(id);

export async function openMcpServers(house: House): Promise<readonly Tools[]> {
  const { ports, tokens, faults, front } = house;
  return Promise.all(
    house.catalogue.servers.map(async (entry) => {
      const tools = await toolsOf(entry.id);
      const place = ports.servers.get(entry.id);
      const url = ports.addresses.urls.get(entry.id) ?? '';
      const resource = ports.addresses.resources.get(entry.id) ?? '';
      const issuer = house.audiences.get(entry.authorizationServer)?.issuer ?? '';
      const app = createMcpServer({
        entry,
        url,
        resource,
        issuer,
        tools,
        tokens,
        note: front.note,
      });
      if (place === undefined) return tools;
      settle(house, place.listening, app, {
        kind: 'mcpServer',
        id: entry.id,
        endpoints: mcpServerEndpoints(entry, url),
        isDown: () => faults.current.serverDown.includes(entry.id),
      });
      return tools;
    }),
  );
}
