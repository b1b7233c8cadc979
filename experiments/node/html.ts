/** A report as one HTML file: figures and styles inside, no script, nothing fetched, both themes, fit for printing. */
import { formatSeconds } from '../duration.ts';
import { escapeHtml } from '../escape.ts';
import type { Column, ReportData, Section, TableSection } from '../report.ts';
import { alignOf, formatCell } from '../text-table.ts';
import type { Json, Manifest, RunStatus } from '../types.ts';
import { datasetLabel } from './dataset-summary.ts';
import { shellWord } from './shell-word.ts';
import { FONT, themeCss } from './theme.ts';

/** What a page is made of. */
export interface Page {
  readonly report: ReportData;
  readonly manifest: Manifest;
  /** The SVG of each figure, by its id. */
  readonly figures: ReadonlyMap<string, string>;
  /** Sentences about the state of the records, such as lines that could not be read. */
  readonly notices: readonly string[];
  /** Where the records come from, if not from a single run. */
  readonly origin?: Origin;
}

/** How records were made, and where they are kept. */
export interface Origin {
  readonly command: string;
  /** A sentence. */
  readonly files: string;
}

/** The page of a report. A pure function: the same records give the same bytes. */
export function renderPage({
  report,
  manifest,
  figures,
  notices,
  origin = originOf(manifest),
}: Page): string {
  const sections = report.sections.map((section) => renderSection(section, figures));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(`${report.title} – ${manifest.run}`)}</title>
<style>
${CSS}
</style>
</head>
<body>
<main>
<header>
<p class="kicker">langevin · ${escapeHtml(manifest.experiment)} · ${escapeHtml(manifest.preset)}</p>
<h1>${escapeHtml(report.title)}</h1>
${paragraphs(report.lead, 'lead')}
${facts(manifest)}
${[...statusNotice(manifest), ...notices].map((notice) => `<p class="notice">${escapeHtml(notice)}</p>`).join('\n')}
</header>
${sections.join('\n')}
${provenance(manifest, origin)}
</main>
</body>
</html>
`;
}

function renderSection(section: Section, figures: ReadonlyMap<string, string>): string {
  switch (section.kind) {
    case 'text':
      return `<section>\n${section.heading ? heading(section.heading) : ''}${paragraphs(section.text)}\n</section>`;
    case 'table':
      return `<section>\n${heading(section.heading)}${caption(section.caption)}${renderTable(section)}\n</section>`;
    case 'figure':
      return (
        `<section>\n${heading(section.heading)}${caption(section.caption)}` +
        `<figure>\n${figures.get(section.id) ?? ''}</figure>\n</section>`
      );
  }
}

function heading(text: string): string {
  return `<h2>${escapeHtml(text)}</h2>\n`;
}

function caption(text: string | undefined): string {
  return text === undefined ? '' : `${paragraphs(text, 'caption')}\n`;
}

/** An empty line separates paragraphs. */
function paragraphs(text: string, className?: string): string {
  const open = className === undefined ? '<p>' : `<p class="${className}">`;
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => `${open}${escapeHtml(paragraph.trim())}</p>`)
    .join('\n');
}

function renderTable({ columns, rows }: TableSection): string {
  const cell = (tag: 'th' | 'td', text: string, column: Column): string =>
    `<${tag}${alignOf(column) === 'right' ? ' class="right"' : ''}>${escapeHtml(text)}</${tag}>`;
  const head = columns.map((column) => cell('th', column.label, column)).join('');
  const body = rows.map(
    (row) =>
      `<tr>${columns.map((column) => cell('td', formatCell(row[column.key], column), column)).join('')}</tr>`,
  );
  return (
    `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n` +
    `${body.length > 0 ? body.join('\n') : `<tr><td colspan="${columns.length}" class="none">nothing measured yet</td></tr>`}\n` +
    `</tbody>\n</table></div>`
  );
}

const STATUS: Readonly<Record<RunStatus, string>> = {
  running: 'unfinished',
  complete: 'complete',
  interrupted: 'interrupted',
  failed: 'failed',
};

/** The few facts that a reader looks for first. */
function facts({ seed, adapter, dataset, status, seconds }: Manifest): string {
  const entries: [string, string][] = [
    ['status', STATUS[status]],
    [
      'data',
      dataset.source === 'own'
        ? dataset.name
        : `${datasetLabel(dataset)}, of ${dataset.train} + ${dataset.test} images`,
    ],
    ['adapter', adapter.name],
    ['seed', String(seed)],
    ...(seconds === undefined ? [] : [['time', formatSeconds(seconds)] as [string, string]]),
  ];
  const items = entries.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`);
  return `<dl class="facts">${items.join('')}</dl>`;
}

function statusNotice({ status, error }: Manifest): string[] {
  switch (status) {
    case 'complete':
      return [];
    case 'interrupted':
      return ['This run was stopped before its end: what follows rests on the records up to there.'];
    case 'running':
      return [
        'This run has not ended, or ended without saying so: what follows rests on the records so far.',
      ];
    case 'failed':
      return [`This run failed${error ? `: ${error.message} [${error.code}]` : '.'}`];
  }
}

/** Everything needed to run it again. */
function provenance(manifest: Manifest, { command, files }: Origin): string {
  const { config, dataset, adapter, versions } = manifest;
  const rows: [string, string][] = [
    ['command', command],
    ...settings(config),
    ...Object.entries(dataset.hashes).map(([name, hash]): [string, string] => [`sha256 of ${name}`, hash]),
    ['adapter', `${adapter.source}: ${adapter.name} (${adapter.backend})`],
    ...Object.entries(versions).map(([name, version]): [string, string] => [name, version]),
  ];
  const body = rows.map(
    ([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<section class="provenance">
<h2>How this was made</h2>
<p class="caption">${escapeHtml(files)} The report can be drawn again from there: <code>langevin report</code> and the path of this directory.</p>
<div class="scroll"><table>
<tbody>
${body.join('\n')}
</tbody>
</table></div>
</section>`;
}

function originOf({ experiment, preset, seed, dataset, changes, adapter }: Manifest): Origin {
  const command = [
    `langevin run ${experiment} --preset ${preset}`,
    ...(dataset.source === 'own' ? [] : [`--data ${dataset.name}`]),
    `--seed ${seed}`,
    ...(adapter.backend === 'webgpu' ? [] : [`--backend ${adapter.backend}`]),
    ...changes.map((change) => `--set ${shellWord(change)}`),
  ].join(' ');
  return { command, files: 'manifest.json holds the same, metrics.jsonl every measurement.' };
}

/** The configuration by dotted path. */
function settings(config: Json, path: string = ''): [string, string][] {
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    return [[path, typeof config === 'string' ? config : JSON.stringify(config)]];
  return Object.entries(config as { readonly [key: string]: Json }).flatMap(([key, value]) =>
    settings(value, path === '' ? key : `${path}.${key}`),
  );
}

/** The look of every page. */
export const CSS: string = `${themeCss(':root')}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);font:16px/1.55 ${FONT};-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:break-word}
main{max-width:46rem;margin:0 auto;padding:3.5rem 1.25rem 4rem}
h1{font-size:2.1rem;line-height:1.15;letter-spacing:-.02em;margin:.15em 0 .55em}
h2{font-size:1.2rem;line-height:1.3;letter-spacing:-.005em;margin:3rem 0 .35rem}
p{margin:0 0 .8em}
.kicker{color:var(--muted);font-size:.85rem;margin:0}
.lead{font-size:1.09rem}
.caption{color:var(--muted);font-size:.92rem;max-width:42rem}
.notice{border-left:3px solid var(--series-1);background:var(--panel);padding:.6rem .9rem;border-radius:0 6px 6px 0;font-size:.95rem}
.facts{display:flex;flex-wrap:wrap;gap:.7rem 2.2rem;margin:1.4rem 0;padding:.9rem 0;border:solid var(--line);border-width:1px 0}
.facts dt{color:var(--muted);font-size:.78rem}
.facts dd{margin:0;font-size:.95rem;font-variant-numeric:tabular-nums}
figure{margin:.9rem 0 0;overflow-x:auto}
figure svg{width:100%;min-width:33rem;height:auto;display:block}
.scroll{overflow-x:auto;margin-top:.9rem}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums;width:100%}
th,td{text-align:left;padding:.38rem .9rem .38rem 0;border-bottom:1px solid var(--line);vertical-align:baseline}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--muted);font-weight:500;font-size:.83rem;line-height:1.3;vertical-align:bottom;border-bottom-color:var(--muted)}
td{white-space:nowrap}
.right{text-align:right}
.none{color:var(--muted)}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.provenance{margin-top:4rem}
.provenance table{font-size:.82rem}
.provenance th{color:var(--muted);font-weight:400;white-space:nowrap}
.provenance td{white-space:normal;overflow-wrap:anywhere;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
@media print{main{max-width:none;padding:0}section{break-inside:avoid}}`;
