// The gateway of other MCP clients, beside the window's own: on a port, for as long as somebody has a key and
// something is connected.
import { ConnectError } from '../core/errors.ts';
import type { OtherClients } from '../core/harness/otherClients.ts';
import { Gateway, type GatewayDeps } from './gateway.ts';
import { createKeyRing } from './keyRing.ts';
import { namedPorts, type GatewayAddress } from './listener.ts';
import type { Wanting } from './onDemand.ts';
import { createOpening, type Opening, type OpeningNeeds } from './opening.ts';

export type ServingDeps = Pick<
  GatewayDeps,
  'upstreams' | 'fetch' | 'clock' | 'log' | 'platform' | 'environment' | 'limits'
>;

export interface ClientServing {
  dispose(): Promise<void>;
}

/** The last first: where a window's own gateway listens on a port, it takes the first that is free. */
const ports = [...namedPorts].reverse();

export function serveOtherClients(
  connections: Wanting,
  clients: OtherClients,
  deps: ServingDeps,
): ClientServing {
  const held: Held = { ids: [] };
  const look = () => {
    const { hashes } = clients;
    for (const id of held.ids) if (!hashes.has(id)) held.gateway?.endClient(id);
    held.ids = [...hashes.keys()];
    if (hashes.size === 0) void close(held, clients);
    else (held.opening ??= open(held, { connections, clients, deps })).look();
  };
  const subscription = clients.onDidChange(look);
  look();
  return {
    dispose: async () => {
      subscription.dispose();
      await close(held, clients);
    },
  };
}

interface Held {
  gateway?: Gateway;
  opening?: Opening | undefined;
  /** Of the clients that had a key at the last look. */
  ids: readonly string[];
}

interface Around {
  readonly connections: Wanting;
  readonly clients: OtherClients;
  readonly deps: ServingDeps;
}

function open(held: Held, { connections, clients, deps }: Around): Opening {
  const used = (id: string) => {
    clients.used(id);
  };
  const needs: OpeningNeeds = {
    ...deps,
    transport: () => 'tcp',
    keys: createKeyRing(() => clients.hashes, used),
    // None of them is the editor.
    editor: '',
  };
  // As the window's own gateway is wanted, where this window is the one to serve other clients.
  const wanting: Wanting = {
    onDidChange: clients.onDidChange,
    overview: () => {
      const overview = connections.overview();
      return clients.isWanted ? overview : { ...overview, connections: [] };
    },
  };
  const onDidChange = () => {
    if (held.opening?.listening === undefined) clients.serves(undefined);
  };
  return createOpening(
    wanting,
    needs,
    onDidChange,
    (own) => (held.gateway = new ClientGateway(own, clients)),
  );
}

/** Without a key there is nobody to listen for. */
async function close(held: Held, clients: OtherClients): Promise<void> {
  const { opening } = held;
  if (opening === undefined) return;
  held.opening = undefined;
  await opening.dispose();
  // Unless another one has come meanwhile.
  if (!isOpen(held)) clients.serves(undefined);
}

const isOpen = ({ opening }: Held): boolean => opening !== undefined;

/** Where the clients were told to dial, or nowhere: whoever else listens there gets no request of ours. */
class ClientGateway extends Gateway {
  readonly #clients: OtherClients;
  readonly #port: number | undefined;

  constructor(deps: GatewayDeps, clients: OtherClients) {
    const { port } = clients;
    super({ ...deps, ports: port === undefined ? ports : [port] });
    this.#clients = clients;
    this.#port = port;
  }

  override async listen(): Promise<GatewayAddress> {
    try {
      const address = await super.listen();
      if (address.kind === 'tcp') this.#clients.serves({ port: address.port, isTaken: false });
      return address;
    } catch (error) {
      if (ConnectError.is(error, 'gateway.notListening')) {
        this.#clients.serves({ port: this.#port, isTaken: true });
      }
      throw error;
    }
  }
}
