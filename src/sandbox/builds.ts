// The Builds server: one tool that takes its time and tells how it goes.
import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { answer, callerOf } from './caller.ts';
import type { Tools } from './mcpServer.ts';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

interface Build {
  readonly number: number;
  readonly by: string;
  readonly seconds: number;
}

const steps = ['checkout', 'install', 'compile', 'test', 'package'];

export function createBuilds(): Tools {
  const builds: Build[] = [];
  const reset = () => {
    builds.splice(0, builds.length, { number: 1, by: 'alice', seconds: 42 });
  };
  reset();
  return {
    reset,
    open() {
      const server = new McpServer(
        { name: 'acme-builds', version: '1.0.0', title: 'Builds' },
        { capabilities: { logging: {} } },
      );
      addTools(server, builds);
      return { server };
    },
  };
}

function addTools(server: McpServer, builds: Build[]): void {
  server.registerTool(
    'list_builds',
    {
      title: 'List builds',
      description: 'Finished builds, oldest first.',
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    (extra) =>
      answer(
        builds.map(({ number, by, seconds }) => `build ${number}: ok, by ${by}, ${seconds} s`),
        callerOf(extra),
      ),
  );
  server.registerTool(
    'run_build',
    {
      title: 'Run a build',
      description: 'Builds and tests everything; reports progress and a log while it runs.',
      inputSchema: {
        seconds: z.number().min(0).max(900).default(5).describe('How long the build takes'),
      },
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    async ({ seconds }, extra) => {
      await run(seconds, extra);
      const build = { number: builds.length + 1, by: callerOf(extra), seconds };
      builds.push(build);
      return answer([`build ${build.number}: ok after ${seconds} s`], build.by);
    },
  );
}

async function run(seconds: number, extra: Extra): Promise<void> {
  const ticks = Math.max(steps.length, Math.ceil(seconds));
  const { progressToken } = extra._meta ?? {};
  for (let tick = 1; tick <= ticks; tick += 1) {
    await sleep((seconds * 1000) / ticks, undefined, { signal: extra.signal });
    const step = steps[Math.ceil((tick / ticks) * steps.length) - 1] ?? '';
    const data = `${step} (${tick}/${ticks})`;
    await extra.sendNotification({
      method: 'notifications/message',
      params: { level: 'info', logger: 'build', data },
    });
    if (progressToken === undefined) continue;
    await extra.sendNotification({
      method: 'notifications/progress',
      params: { progressToken, progress: tick, total: ticks, message: data },
    });
  }
}
