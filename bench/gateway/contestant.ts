// What every process between a client and the server has: where it is reached, and what it takes.

/** Where calls go. */
export interface Target {
  readonly where:
    { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Targets = Readonly<Partial<Record<'tcp' | 'socket', Target>>>;

export interface Usage {
  /** Resident memory, MiB. */
  readonly now: number;
  /** At most since asked before. */
  readonly most: number;
  /** Of the processor since the start, milliseconds. */
  readonly cpuMs: number;
}

/** To look is a call of the system, and not free. */
export interface Ask {
  readonly everyMs: number | undefined;
}

const mib = 1_048_576;

/** Tells the process that started this one, and answers when it asks what that takes. */
export function announce(targets: Targets): void {
  let most = 0;
  let looking: NodeJS.Timeout | undefined;
  const look = () => {
    const now = process.memoryUsage.rss() / mib;
    most = Math.max(most, now);
    return now;
  };
  process.on('message', ({ everyMs }: Ask) => {
    const now = look();
    const { user, system } = process.cpuUsage();
    const usage: Usage = { now, most, cpuMs: (user + system) / 1_000 };
    most = 0;
    clearInterval(looking);
    looking = everyMs === undefined ? undefined : setInterval(look, everyMs).unref();
    process.send?.(usage);
  });
  process.on('disconnect', () => process.exit());
  process.send?.(targets);
}
