import { completable, type McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { dot, text } from './samples.ts';

const asks = (said: string) => ({ role: 'user' as const, content: text(said) });

export function addPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'simple prompt' }, () => ({
    messages: [asks('This is a simple prompt for testing.')],
  }));
  const argument = () =>
    completable(z.string(), (begun) => ['test', 'testing'].filter((one) => one.startsWith(begun)));
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'prompt with arguments',
      argsSchema: z.object({ arg1: argument(), arg2: argument() }),
    },
    ({ arg1, arg2 }) => ({
      messages: [asks(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    {
      description: 'prompt with embedded resource',
      argsSchema: z.object({ resourceUri: z.string() }),
    },
    ({ resourceUri: uri }) => ({
      messages: [
        {
          role: 'user',
          content: {
            type: 'resource',
            resource: {
              uri,
              mimeType: 'text/plain',
              text: 'Embedded resource content for testing.',
            },
          },
        },
        asks('Please process the embedded resource above.'),
      ],
    }),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'prompt with image' }, () => ({
    messages: [
      { role: 'user', content: { type: 'image', data: dot, mimeType: 'image/png' } },
      asks('Please analyze the image above.'),
    ],
  }));
}
