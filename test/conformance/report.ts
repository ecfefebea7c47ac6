/**
 * `npm run conformance`: runs OPA's cases, prints those that are wrong, and writes the figures into
 * docs/rego.md. With words (`-- time strings`), prints only those whose id has one of them, and
 * writes nothing.
 */
import { documentParts } from './document-parts.ts';
import { readExceptions } from './exceptions.ts';
import { readDocument, withParts, writeDocument } from './rego-document.ts';
import { runCorpus } from './run-corpus.ts';

const words = process.argv.slice(2);
const results = await runCorpus();
const exceptions = readExceptions();
const listed = new Set(exceptions.flatMap(({ cases }) => cases));
const wrong = results.filter(({ case: { id }, fault }) => {
  const asked = words.length === 0 ? !listed.has(id) : words.some((word) => id.includes(word));
  return asked && fault !== undefined;
});
for (const { case: each, fault } of wrong) console.log(`${each.id} (${each.file}): ${fault}`);
console.log(`${wrong.length} wrong`);
if (words.length === 0) {
  writeDocument(await withParts(readDocument(), documentParts(results, exceptions)));
}
