// Tools that answer at once, or after having told how far they are: the same in every version of MCP.
import { fromJsonSchema, type McpServer, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { dot, pause, says, silence, text } from './samples.ts';

export function addAnswers(server: McpServer): void {
  server.registerTool('test_simple_text', { description: 'simple text' }, () =>
    says('This is a simple text response for testing.'),
  );
  addPictures(server);
  addReports(server);
  server.registerTool('test_error_handling', { description: 'error handling' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  server.registerTool(
    'json_schema_2020_12_tool',
    {
      description: 'json schema 2020 12 tool',
      inputSchema: fromJsonSchema<Record<string, unknown>>(contact),
    },
    (given) => says(JSON.stringify(given)),
  );
  server.registerTool(
    'test_custom_header',
    { description: 'custom header', inputSchema: fromJsonSchema<{ region?: string }>(region) },
    ({ region: named }) => says(`Asked in ${String(named)}`),
  );
}

function addPictures(server: McpServer): void {
  const picture = { type: 'image' as const, data: dot, mimeType: 'image/png' };
  server.registerTool('test_image_content', { description: 'image content' }, () => ({
    content: [picture],
  }));
  server.registerTool('test_audio_content', { description: 'audio content' }, () => ({
    content: [{ type: 'audio', data: silence, mimeType: 'audio/wav' }],
  }));
  server.registerTool('test_embedded_resource', { description: 'embedded resource' }, () => ({
    content: [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  }));
  server.registerTool(
    'test_multiple_content_types',
    { description: 'multiple content types' },
    () => ({
      content: [
        text('Multiple content types test:'),
        picture,
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: '{"test":"data","value":123}',
          },
        },
      ],
    }),
  );
}

function addReports(server: McpServer): void {
  server.registerTool(
    'test_tool_with_progress',
    { description: 'tool with progress' },
    async ({ mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        await pause(progress === 0 ? 0 : 50);
        if (progressToken === undefined) continue;
        const params = { progressToken, progress, total: 100 };
        await mcpReq.notify({ method: 'notifications/progress', params });
      }
      return says('All of it was reported');
    },
  );
  const told = ['Tool execution started', 'Tool processing data', 'Tool execution completed'];
  for (const name of ['test_tool_with_logging', 'test_logging_tool']) {
    server.registerTool(name, { description: name }, async ({ mcpReq }) => {
      for (const line of told) {
        if (isWanted(mcpReq)) {
          const params = { level: 'info', data: line };
          await mcpReq.notify({ method: 'notifications/message', params });
        }
        await pause(50);
      }
      return says('Logged three lines');
    });
  }
  // Cut off in the middle: the rest is had by asking for it.
  server.registerTool('test_reconnection', { description: 'reconnection' }, async ({ http }) => {
    http?.closeSSE?.();
    await pause(150);
    return says('The stream was taken up again');
  });
  server.registerTool(
    'test_slow',
    { description: 'slow', inputSchema: z.object({ ms: z.number() }) },
    async ({ ms }, { mcpReq }) => {
      await Promise.race([
        pause(ms),
        new Promise((resolve) => {
          mcpReq.signal.addEventListener('abort', resolve, { once: true });
        }),
      ]);
      return says(mcpReq.signal.aborted ? 'cancelled' : 'done');
    },
  );
}

/** With sessions a level is set once, without it stands in each request. */
function isWanted({ envelope }: ServerContext['mcpReq']): boolean {
  return envelope === undefined || 'io.modelcontextprotocol/logLevel' in envelope;
}

const contact = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

const region = {
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
};
