import { createHash } from 'node:crypto';
import { type AdminFacts, isReady, type Readiness } from './facts.ts';

const style = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid #8886; overflow-wrap: anywhere; }
th[scope=row] { width: 12rem; font-weight: 600; }
`;

/** Nothing runs, nothing is loaded, nothing frames the page; the one style is known by its hash. */
export const pageSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page at `/`: what this is, and in what state. */
export function renderPage(facts: AdminFacts, readiness: readonly Readiness[]): string {
  const { version, policy, bundles, limits, grants, insecureOptions } = facts;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sallyport ${escapeHtml(version)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Sallyport ${escapeHtml(version)}</h1>
<p>Answers Envoy's external authorization checks: who is calling, may they, and how much.</p>
<p><strong>${isReady(readiness) ? 'Ready' : 'Not ready'}.</strong></p>
${table('Readiness', readiness.map(readinessRow))}
${table('What decides', [
  row('Policy', policy?.name ?? 'none yet'),
  row('Revision', policy?.revision ?? 'none yet'),
  row('Decision', policy?.path ?? 'none yet'),
  row('Limits', limits.join(', ') || 'none'),
  row('Insecure options', insecureOptions.join(', ') || 'none'),
])}
${table(
  'Bundles',
  bundles.map(({ name, state }) => row(name, state)),
)}
${table('Grants', grantRows(grants))}
<h2>More</h2>
<ul>
<li><a href="/metrics">Metrics</a>, for Prometheus</li>
<li><a href="/healthz">Health</a>: the process answers</li>
<li><a href="/readyz">Readiness</a>: it can decide checks</li>
</ul>
</main>
</body>
</html>
`;
}

function table(title: string, rows: readonly string[]): string {
  return `<h2>${title}</h2>\n<table>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`;
}

function grantRows(grants: AdminFacts['grants']): readonly string[] {
  if (grants === undefined) return [row('Not known', 'Redis does not answer, so none counts')];
  return grants.length === 0 ? [row('None', '')] : grants.map(({ id, state }) => row(id, state));
}

function readinessRow({ name, ready, detail }: Readiness): string {
  const state = ready ? 'ready' : 'not ready';
  return row(name, detail === undefined ? state : `${state}: ${detail}`);
}

function row(name: string, value: string): string {
  return `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
