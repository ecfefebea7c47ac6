import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { loadConfig } from '../../../src/config/load-config.ts';
import { loadLimits } from '../../../src/config/limits/load-limits.ts';
import { formatProblem, type Problem } from '../../../src/config/problem.ts';

const environment = { BUNDLE: 'b.tar.gz', SECRET: 'hunter2' };

const loaders: Readonly<
  Record<string, (path: string) => { problems: readonly Problem[] } | object>
> = { bad: (path) => loadConfig(path, environment), 'bad-limits': loadLimits };

for (const [folder, load] of Object.entries(loaders)) {
  const directory = fileURLToPath(new URL(`../../fixtures/config/${folder}/`, import.meta.url));
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.yaml'))) {
    test(`${folder}/${file} is refused with every problem at its line`, () => {
      const loaded = load(directory + file);
      assert.ok('problems' in loaded);
      const said = loaded.problems.map(formatProblem).join('\n').replaceAll(directory, '');
      const expected = readFileSync(directory + file.replace('.yaml', '.problems'), 'utf8');
      assert.equal(`${said}\n`, expected);
    });
  }
}

test('no problem repeats a value that was filled in from elsewhere', () => {
  const directory = fileURLToPath(new URL('../../fixtures/config/bad/', import.meta.url));
  for (const file of ['references.yaml', 'everything.yaml']) {
    const said = JSON.stringify(loadConfig(directory + file, environment));
    assert.doesNotMatch(said, /hunter2/);
  }
});
