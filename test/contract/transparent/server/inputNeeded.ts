// Tools and a prompt that ask the client something as servers without sessions do: by an answer that says
// what is missing, upon which the client asks again.
import {
  inputRequired,
  type InputRequiredResult,
  type McpServer,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { declared } from './declared.ts';
import { says, text } from './samples.ts';

interface Round {
  readonly round: number;
}
type Requests = NonNullable<InputRequiredResult['inputRequests']>;

export function addInputNeeded(server: McpServer, states: RequestStateCodec<Round>): void {
  addSingleQuestions(server);
  addStates(server, states);
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'input required result capabilities' },
    ({ mcpReq }) => {
      const known = declared(mcpReq);
      return inputRequired({
        inputRequests: {
          ...(known.sampling === undefined ? {} : { greeting: model('Generate a greeting', 50) }),
          ...(known.elicitation === undefined ? {} : { user_name: form('What is your name?') }),
        },
      });
    },
  );
  // The SDK refuses to ask a client for what it has not declared.
  server.registerTool('test_missing_capability', { description: 'missing capability' }, () =>
    inputRequired({ inputRequests: { greeting: model('Generate a greeting', 50) } }),
  );
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'input required result prompt' },
    ({ mcpReq }) => {
      const given = accepted(mcpReq, 'user_context');
      if (given === undefined)
        return inputRequired({
          inputRequests: { user_context: form('What context should the prompt use?', 'context') },
        });
      return { messages: [{ role: 'user', content: text(`Context: ${JSON.stringify(given)}`) }] };
    },
  );
}

function addSingleQuestions(server: McpServer): void {
  for (const name of ['test_input_required_result_elicitation', 'test_streaming_elicitation']) {
    server.registerTool(name, { description: name }, ({ mcpReq }) => {
      const given = accepted(mcpReq, 'user_name');
      if (given !== undefined) return says(`Hello, ${String(given['name'])}!`);
      return inputRequired({ inputRequests: { user_name: form('What is your name?') } });
    });
  }
  const questions: Record<string, Requests> = {
    sampling: { capital_question: model('What is the capital of France?', 100) },
    list_roots: { client_roots: inputRequired.listRoots() },
  };
  for (const [name, inputRequests] of Object.entries(questions)) {
    server.registerTool(
      `test_input_required_result_${name}`,
      { description: name },
      ({ mcpReq }) => {
        const given = Object.keys(inputRequests).map((key) => mcpReq.inputResponses?.[key]);
        if (given.includes(undefined)) return inputRequired({ inputRequests });
        return says(JSON.stringify(given));
      },
    );
  }
}

function addStates(server: McpServer, states: RequestStateCodec<Round>): void {
  const confirm = inputRequired.elicit({
    message: 'Please confirm',
    requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
  });
  const rounds: Record<string, readonly Requests[]> = {
    request_state: [{ confirm }],
    tampered_state: [{ confirm }],
    multiple_inputs: [
      {
        user_name: form('What is your name?'),
        greeting: model('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
    ],
    multi_round: [
      { step1: form('Step 1: What is your name?') },
      { step2: form('Step 2: What is your favorite color?', 'color') },
    ],
  };
  for (const [name, asked] of Object.entries(rounds)) {
    server.registerTool(
      `test_input_required_result_${name}`,
      { description: name },
      async ({ mcpReq }) => {
        const round = mcpReq.requestState<Round>()?.round ?? 0;
        const inputRequests = asked[round];
        if (inputRequests === undefined) return says('state-ok');
        const requestState = await states.mint({ round: round + 1 });
        return inputRequired({ inputRequests, requestState });
      },
    );
  }
}

const form = (message: string, field = 'name') =>
  inputRequired.elicit({
    message,
    requestedSchema: {
      type: 'object',
      properties: { [field]: { type: 'string' } },
      required: [field],
    },
  });

const model = (asked: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: text(asked) }], maxTokens });

function accepted(
  { inputResponses }: ServerContext['mcpReq'],
  key: string,
): Record<string, unknown> | undefined {
  const given = inputResponses?.[key] as
    { action?: string; content?: Record<string, unknown> } | undefined;
  return given?.action === 'accept' ? given.content : undefined;
}
