/** `npm run bench`: see docs/performance.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { CannotMeasure } from './cannot-measure.ts';
import { measureData } from './data.ts';
import { measureLimits } from './limits/measure-limits.ts';
import { measureLoad } from './load.ts';
import { measureMemory } from './memory.ts';
import { measureStages } from './micro.ts';
import { type BenchOptions, parseOptions, usage } from './options.ts';
import { type CpuProfile, formatProfile } from './profile.ts';
import { formatReport, type Report } from './report.ts';

try {
  process.exitCode = await run(parseOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(
    `bench: ${error instanceof CannotMeasure ? error.message : inspect(error)}\n`,
  );
  process.exitCode = 2;
}

async function run(options: BenchOptions): Promise<number> {
  if (options.mode === 'help') return print(usage);
  if (options.mode === 'micro') return print(await measureStages(options));
  if (options.mode === 'data') return print(await measureData(options));
  if (options.mode === 'memory') return print(await measureMemory(options));
  if (options.mode === 'limits') return print(await measureLimits(options, say));
  const report = await measureLoad(options, say);
  print(options.json ? JSON.stringify(report) : formatReport(report));
  if (options.profile !== undefined) printProfiles(options.profile);
  return withinBudget(report, options.budget) ? 0 : 1;
}

function say(progress: string): void {
  process.stderr.write(`${progress}\n`);
}

/** To stderr: `--json` keeps stdout for itself. */
function printProfiles(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
    process.stderr.write(`\n${file}\n${formatProfile(profile)}\n`);
  }
}

function print(text: string): 0 {
  process.stdout.write(`${text}\n`);
  return 0;
}

function withinBudget(report: Report, budget: number | undefined): boolean {
  if (budget === undefined) return true;
  const ratio = report.servers.find(({ name }) => name === 'sallyport')?.cpuRatio?.median;
  if (ratio === undefined) {
    throw new CannotMeasure('--budget needs both baseline and sallyport to be measured');
  }
  const within = ratio <= budget;
  process.stderr.write(
    `Sallyport costs ${ratio.toFixed(2)} × the baseline: ${within ? 'within' : 'over'} the budget of ${budget}\n`,
  );
  return within;
}
