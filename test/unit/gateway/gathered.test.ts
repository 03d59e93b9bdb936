// Bytes that come in pieces are the same bytes, whatever was gathered in the same room before.
import assert from 'node:assert/strict';
import { Gathered } from '../../../src/gateway/gathered.ts';

/** In memory of its own: small buffers share theirs. */
const piece = (text: string) => Buffer.alloc(text.length, text);

describe('bytes that are gathered', () => {
  it('are one piece uncopied, or all pieces in their order', () => {
    const gathered = new Gathered();
    const only = piece('one');
    gathered.add(only);
    assert.equal(gathered.bytes.buffer, only.buffer);
    gathered.add(piece(' and two'));
    gathered.add(piece(', three'));
    assert.equal(gathered.bytes.toString(), 'one and two, three');
    assert.equal(gathered.length, 18);
    assert.equal(only.toString(), 'one');
  });

  it('are gathered in the same room again after they were seen', () => {
    const gathered = new Gathered();
    gathered.add(piece('a'.repeat(10_000)));
    gathered.add(piece('b'.repeat(100)));
    const before = gathered.bytes;
    gathered.clear();
    assert.equal(gathered.length, 0);
    assert.equal(gathered.bytes.length, 0);
    gathered.add(piece('c'));
    gathered.add(piece('d'.repeat(50)));
    assert.equal(gathered.bytes.buffer, before.buffer);
    assert.equal(gathered.bytes.toString(), `c${'d'.repeat(50)}`);
    // More than there is room for.
    gathered.add(piece('e'.repeat(100_000)));
    assert.equal(gathered.bytes.toString(), `c${'d'.repeat(50)}${'e'.repeat(100_000)}`);
  });

  it('stay what they are once they were taken', () => {
    const gathered = new Gathered();
    gathered.add(piece('a'.repeat(100)));
    gathered.add(piece('b'));
    const taken = gathered.take();
    gathered.add(piece('c'));
    gathered.add(piece('d'));
    assert.equal(taken.toString(), `${'a'.repeat(100)}b`);
    assert.equal(gathered.take().toString(), 'cd');
  });
});
