import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Line, linesOf } from '../../../../src/audit/decision-log/lines.ts';

async function read(chunks: readonly Uint8Array[], maxBytes = 100): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of linesOf(Readable.from(chunks), maxBytes)) lines.push(line);
  return lines;
}

test('lines are the same however the stream is cut, also within a character', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'binary', maxLength: 8 })),
      fc.integer({ min: 1, max: 9 }),
      async (texts, chunkBytes) => {
        const clean = texts.map((text) => text.replaceAll('\n', '').toWellFormed());
        const bytes = Buffer.from(clean.join('\n'));
        const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
          bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
        );
        const expected = clean.flatMap((text, index) =>
          text === '' ? [] : [{ number: index + 1, text }],
        );
        assert.deepEqual(await read(chunks), expected);
      },
    ),
  );
});

test('a line that is too long is told without its text, and the next is read', async () => {
  const chunks = ['a\nbbbb', 'bbbb\nc\n'].map((text) => Buffer.from(text));
  assert.deepEqual(await read(chunks, 7), [
    { number: 1, text: 'a' },
    { number: 2, text: undefined },
    { number: 3, text: 'c' },
  ]);
});
