// Tools that ask the client something in the middle of a call, as servers with sessions do: by a request
// of their own on the stream of the call.
import type { ElicitRequestFormParams, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { says } from './samples.ts';

export function addQuestions(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: 'sampling', inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, { mcpReq }) => {
      const { content } = await mcpReq.send({
        method: 'sampling/createMessage',
        params: {
          messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
          maxTokens: 100,
        },
      });
      const said = !Array.isArray(content) && content.type === 'text' ? content.text : '';
      return says(`LLM response: ${said}`);
    },
  );
  server.registerTool('test_list_roots', { description: 'list roots' }, async ({ mcpReq }) => {
    const { roots } = await mcpReq.send({ method: 'roots/list' });
    return says(roots.map(({ uri }) => uri).join(' '));
  });
  server.registerTool(
    'test_elicitation',
    { description: 'elicitation', inputSchema: z.object({ message: z.string() }) },
    async ({ message }, { mcpReq }) => {
      const { action, content } = await mcpReq.send({
        method: 'elicitation/create',
        params: { message, requestedSchema: person },
      });
      return says(`User response: action=${action}, content=${JSON.stringify(content)}`);
    },
  );
  const forms = {
    test_elicitation_sep1034_defaults: defaults,
    test_elicitation_sep1330_enums: enums,
  };
  for (const [name, requestedSchema] of Object.entries(forms)) {
    server.registerTool(name, { description: name }, async ({ mcpReq }) => {
      const params = { message: 'Please fill in the form', requestedSchema };
      const { action, content } = await mcpReq.send({ method: 'elicitation/create', params });
      return says(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
    });
  }
}

type Form = ElicitRequestFormParams['requestedSchema'];

const person: Form = {
  type: 'object',
  properties: {
    username: { type: 'string', description: "User's response" },
    email: { type: 'string', description: "User's email address" },
  },
  required: ['username', 'email'],
};

const defaults: Form = {
  type: 'object',
  properties: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
};

const options = ['option1', 'option2', 'option3'];
const titled = (...titles: string[]) =>
  titles.map((title, at) => ({ const: `value${at + 1}`, title }));

const enums: Form = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: options },
    titledSingle: {
      type: 'string',
      oneOf: titled('First Option', 'Second Option', 'Third Option'),
    },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
    titledMulti: {
      type: 'array',
      items: { anyOf: titled('First Choice', 'Second Choice', 'Third Choice') },
    },
  },
};
