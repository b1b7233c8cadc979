/** An inspected step as one HTML file: no script, nothing fetched, in the look of the reports. */
import type { Aval } from '../../../engine/graph/ndarray.ts';
import type { Binding, Profile, ProfiledDispatch, ProfiledProgram } from '../../../engine/index.ts';
import { escapeHtml } from '../../escape.ts';
import { figuresOf } from '../../inspection/figures.ts';
import { dispatchTable, distinctPrograms, memoryTable, totalsTable } from '../../inspection/listing.ts';
import { memoryOf } from '../../inspection/memory.ts';
import { sourceOf, type SourceLine } from '../../inspection/source.ts';
import type { TableSection } from '../../report.ts';
import { alignOf, formatCell } from '../../text-table.ts';
import { CSS } from '../html.ts';
import { seriesColour } from '../theme.ts';
import { memoryChart, timeChart } from './charts.ts';

/** What was inspected, and how. */
export interface Inspected {
  readonly profile: Profile;
  readonly experiment: string;
  readonly preset: string;
  /** Of the training. */
  readonly label: string;
  readonly adapter: string;
  readonly dataset: string;
  /** The command line that makes the page again. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** The page. A pure function. */
export function renderInspection(inspected: Inspected): string {
  const { profile, experiment, preset, label, adapter, dataset, command, versions } = inspected;
  const provenance: [string, string][] = [
    ['command', command],
    ['adapter', adapter],
    ['data', dataset],
    ...Object.entries(versions),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(`${label} – ${experiment}, inspected`)}</title>
<style>
${CSS}
${INSPECTION_CSS}
</style>
</head>
<body>
<main>
<header>
<p class="kicker">langevin · inspect · ${escapeHtml(experiment)} · ${escapeHtml(preset)}</p>
<h1>One step of ${escapeHtml(label)}</h1>
<p class="lead">What the recorded step runs on the device, dispatch by dispatch: the operations that were fused, the code
they became, the buffers it reads and writes, and the time it takes.</p>
${factsOf(inspected)}
${profile.untimed === undefined ? '' : `<p class="notice">There are no times: ${escapeHtml(profile.untimed)}.</p>`}
</header>
${timeSection(profile)}
<section>
<h2>Dispatches</h2>
<p class="caption">In their order. Each number leads to the code. Slots are those of the memory plan, read → written; args stands for arguments written over, out for results. MFLOP counts a multiply-add as two, and an element once however
often a kernel recomputes it; kB are those of the buffers bound, of which ≤ marks those read in part.</p>
${tableOf(dispatchTable(profile), linkNumber)}
</section>
<section>
<h2>Totals</h2>
${tableOf(totalsTable(profile))}
</section>
${memorySection(profile)}
<section>
<h2>Code</h2>
<p class="caption">As composed and given to the driver. Coloured lines were written for the operation named beside them; the others
are the shader's own, loads, and arithmetic of indices.</p>
${profile.dispatches.map((each, k) => dispatchDetails(profile, each, k)).join('\n')}
</section>
<section class="provenance">
<h2>How this was made</h2>
<p class="caption">trace.json beside this page holds the same steps on a time axis: open it at ui.perfetto.dev. profile.json holds
the figures.</p>
<div class="scroll"><table><tbody>
${provenance.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join('\n')}
</tbody></table></div>
</section>
</main>
</body>
</html>
`;
}

function factsOf({ profile, adapter, dataset }: Inspected): string {
  const { dispatches, flops, ms } = figuresOf(profile);
  const scratch = distinctPrograms(profile.programs).reduce((sum, each) => sum + memoryOf(each).planned, 0);
  const facts: [string, string][] = [
    ['dispatches', String(dispatches.length)],
    ['arithmetic', `${(flops / 1e6).toFixed(2)} MFLOP`],
    ...(ms === undefined ? [] : [['time in kernels', `${ms.toFixed(3)} ms`] as [string, string]]),
    ['a step as it usually runs', `${profile.stepMs.toFixed(3)} ms`],
    ['scratch memory', `${(scratch / 1e6).toFixed(3)} MB`],
    ['adapter', adapter],
    ['data', dataset],
  ];
  const items = facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`);
  return `<dl class="facts">${items.join('')}</dl>`;
}

function timeSection(profile: Profile): string {
  const chart = timeChart(profile);
  if (chart === undefined) return '';
  return `<section>
<h2>Time by kernel</h2>
<p class="caption">Medians of ${profile.repeats} steps, each dispatch in a pass of its own; coloured by shader. Kernels that do the same
stand together.</p>
<figure>
${chart}</figure>
</section>`;
}

function memorySection(profile: Profile): string {
  const programs = distinctPrograms(profile.programs);
  const charts = programs.flatMap((program, k) => {
    const chart = memoryChart(program, `memory-${k + 1}`);
    const name = programs.length > 1 ? `<p class="caption">Program ${k + 1}</p>\n` : '';
    return chart === undefined ? [] : [`${name}<figure>\n${chart}</figure>`];
  });
  return `<section>
<h2>Memory plan</h2>
<p class="caption">Each band is a slot, each block a value in it, from the dispatch that writes it to the last that reads it. What lives
at the same time cannot share memory: the most that does is the lower bound of any plan.</p>
${charts.join('\n')}
${tableOf(memoryTable(profile))}
</section>`;
}

/** A table; `render` may replace the text of a cell, by column. */
function tableOf(
  { columns, rows }: TableSection,
  render: (key: string, text: string) => string | undefined = () => undefined,
): string {
  const align = (column: (typeof columns)[number]): string =>
    alignOf(column) === 'right' ? ' class="right"' : '';
  const head = columns.map((column) => `<th${align(column)}>${escapeHtml(column.label)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = columns.map((column) => {
      const text = formatCell(row[column.key], column);
      return `<td${align(column)}>${render(column.key, text) ?? escapeHtml(text)}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`;
}

function linkNumber(key: string, text: string): string | undefined {
  if (key === 'number') return `<a href="#dispatch-${text}">${text}</a>`;
  const safe = escapeHtml(text);
  return key === 'operations' ? `<span class="operations" title="${safe}">${safe}</span>` : undefined;
}

/** The target of a link lies within, since that opens what encloses it. */
function dispatchDetails(profile: Profile, profiled: ProfiledDispatch, k: number): string {
  const { dispatch, ms } = profiled;
  const program = profile.programs[profiled.program] as ProfiledProgram;
  const time = ms === undefined ? '' : `${(1e3 * ms).toFixed(1)} µs`;
  const lines = sourceOf(dispatch);
  const colours = new Map(
    [...new Set(lines.flatMap(({ operation }) => operation ?? []))].map((name, n) => [name, seriesColour(n)]),
  );
  const operations: TableSection = {
    kind: 'table',
    heading: '',
    columns: [
      { key: 'name', label: 'operation' },
      { key: 'inputs', label: 'of' },
      { key: 'output', label: 'makes' },
      { key: 'attributes', label: 'with' },
      { key: 'flops', label: 'MFLOP', format: 'number', digits: 4 },
    ],
    rows: dispatch.operations.map(({ name, inputs, output, attributes, flops }) => ({
      name,
      inputs: inputs.map(typeText).join(', '),
      output: typeText(output),
      attributes: attributesText(attributes),
      flops: flops / 1e6,
    })),
  };
  const bindings: TableSection = {
    kind: 'table',
    heading: '',
    columns: [
      { key: 'name', label: 'in the code' },
      { key: 'access', label: 'bound to' },
      { key: 'what', label: 'buffer' },
      { key: 'kilobytes', label: 'kB', format: 'number', digits: 2 },
    ],
    rows: dispatch.bindings.map((binding, n) => ({
      name: nameOf(dispatch.code, n),
      access: binding.access,
      what: describeBuffer(binding, program, profiled.index),
      kilobytes: binding.bytes / 1e3,
    })),
  };
  const constants = Object.entries(dispatch.constants).map(([name, value]) => `${name} = ${value}`);
  return `<details>
<summary><span class="number">${k + 1}</span> ${escapeHtml(dispatch.label)} <span class="time">${time}</span></summary>
<div id="dispatch-${k + 1}">
<p class="caption">shaders/${escapeHtml(dispatch.shader)}.wgsl, ${dispatch.groups.join(' × ')} workgroups${
    constants.length > 0 ? `, with ${escapeHtml(constants.join(', '))}` : ''
  }</p>
${tableOf(operations)}
${tableOf(bindings)}
<pre class="source"><code>${lines.map((line) => sourceLine(line, colours)).join('')}</code></pre>
</div>
</details>`;
}

function sourceLine({ text, operation }: SourceLine, colours: ReadonlyMap<string, string>): string {
  if (operation === undefined) return `<span>${escapeHtml(text)}</span>`;
  const colour = colours.get(operation) ?? 'var(--muted)';
  return `<span class="fused" style="--operation:${colour}">${escapeHtml(text)}<i>${escapeHtml(operation)}</i></span>`;
}

/** The variable that a binding is declared as. */
function nameOf(code: string, binding: number): string {
  return new RegExp(`@binding\\(${binding}\\) var<[^>]*> (\\w+)`).exec(code)?.[1] ?? `binding ${binding}`;
}

function describeBuffer(
  { buffer, access }: Binding,
  { program, inputNames }: ProfiledProgram,
  index: number,
): string {
  switch (buffer.kind) {
    case 'input': {
      const type = typeText(program.inputs[buffer.index] as Aval);
      const name = inputNames[buffer.index];
      const what = name === undefined ? `value ${buffer.index} from outside` : name;
      return `${what}: ${type}${access === 'write' ? ', written over' : ''}`;
    }
    case 'output': {
      const { aval } = program.outputs[buffer.index] as (typeof program.outputs)[number];
      return `result ${buffer.index}: ${typeText(aval)}`;
    }
    case 'slot': {
      const value = program.lifetimes.find(
        ({ slot, from, to }) => slot === buffer.index && from <= index && index <= to,
      );
      return `slot ${buffer.index + 1}${value ? `: what ${value.label} wrote` : ''}`;
    }
    case 'scalars':
      return 'scalars given with the run';
    case 'faults':
      return 'fault words, for indices outside their axis';
  }
}

function typeText({ dtype, shape }: Aval): string {
  return `${dtype}[${shape.join(', ')}]`;
}

function attributesText(attributes: Readonly<Record<string, unknown>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ');
}

const INSPECTION_CSS = `main{max-width:80rem}
a{color:inherit;text-decoration-color:var(--series-0);text-underline-offset:.2em}
.operations{display:block;width:16rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
details{border-top:1px solid var(--line)}
details:last-of-type{border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.45rem 0;overflow-wrap:anywhere}
summary .number{display:inline-block;min-width:2.2em;color:var(--muted);font-variant-numeric:tabular-nums}
summary .time{color:var(--muted);white-space:nowrap;font-variant-numeric:tabular-nums}
details[open]>div{padding:0 0 1.4rem;scroll-margin-top:3rem}
details td{white-space:normal}
.source{background:var(--panel);border-radius:6px;padding:.7rem 0;overflow-x:auto;font-size:.82rem;line-height:1.5;tab-size:2}
.source code{display:block;width:max-content;min-width:100%}
.source span{display:block;padding:0 .9rem;min-height:1.5em;border-left:3px solid transparent}
.source .fused{border-left-color:var(--operation);background:color-mix(in srgb,var(--operation) 13%,transparent)}
.source i{float:right;font-style:normal;color:var(--operation);padding-left:2rem}`;
