import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../cli/cli.ts';
import { load } from '../../data/node/index.ts';
import { init } from '../../engine/index.ts';
import { noiseEnhancement } from '../../experiments/noise-enhancement/index.ts';
import { paperExperiments } from '../../experiments/noise-enhancement/paper/experiments.ts';
import { toy } from './toy.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-inspect-'));
afterAll(() => rmSync(root, { recursive: true }));

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function say(...argv: string[]): Promise<Said> {
  let [stdout, stderr] = ['', ''];
  const code = await cli(['inspect', ...argv], {
    experiments: [noiseEnhancement, ...paperExperiments, toy],
    load: (name, options) => load(name, { ...options, train: 12, test: 4, size: 8, channels: 1 }),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment: {},
  });
  return { code, stdout, stderr };
}

const TINY = ['hidden=3', 'trainExamples=12', 'alphas=1,2', 'batchSizes=4'];
const tiny = (...more: string[]): Promise<Said> =>
  say('noise-enhancement', '--repeats', '1', ...TINY.flatMap((change) => ['--set', change]), ...more);

describe('langevin inspect', () => {
  beforeAll(() => init());

  it('lists every dispatch of the step, its totals and its memory, and writes page, trace and figures', async () => {
    const out = join(root, 'all');
    const { code, stdout, stderr } = await tiny('--out', out, '--json');
    expect({ code }).toEqual({ code: 0 });
    const lines = stderr.split('\n');
    expect(lines[0]).toBe('One step of noise-enhancement: α 1, B 4');
    const json = JSON.parse(stdout) as { dispatches: { label: string; operations: unknown[] }[] };
    const listed = lines.filter((line) => /^ *\d+ .*f32\[|^ *\d+ .*i32\[/.test(line));
    expect(listed).toHaveLength(json.dispatches.length);
    expect(json.dispatches.some(({ label }) => label.startsWith('matmul'))).toBe(true);
    expect(stderr).toContain('lower bound');
    const page = readFileSync(join(out, 'inspect.html'), 'utf8');
    for (const [k, { label }] of json.dispatches.entries()) {
      expect(page).toContain(`id="dispatch-${k + 1}"`);
      expect(page).toContain(label.split(' ')[0]);
    }
    expect(page).toContain('class="fused"');
    expect(page).not.toContain('<script');
    const trace = JSON.parse(readFileSync(join(out, 'trace.json'), 'utf8')) as {
      traceEvents: { ph: string; cat?: string }[];
    };
    const cats = new Set(trace.traceEvents.map(({ cat }) => cat));
    for (const phase of [
      'record',
      'simplify',
      'compile',
      'shaders',
      'pipeline',
      'encode',
      'submit',
      'readback',
    ])
      expect(cats).toContain(phase);
    expect(JSON.parse(readFileSync(join(out, 'profile.json'), 'utf8'))).toMatchObject({
      experiment: 'noise-enhancement',
    });
  });

  it('prints the code of one dispatch, the composed lines marked with their operations', async () => {
    const { code, stdout } = await tiny('--shader', '2', '--cell', '2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\/\/ 2: \S+ .*composed from shaders\/\w+\.wgsl/);
    expect(stdout).toMatch(/let v\d+ = .*\/\/ relu$/m);
  });

  it('lists the trainings of an experiment without computing anything', async () => {
    const { stdout } = await tiny('--cells');
    expect(stdout).toBe('1  α 1, B 4  procedural\n2  α 2, B 4  procedural\n');
    expect((await say('noise-enhancement/table2', '--cells', '--data', 'published')).stdout).toMatch(
      /^ *1 {2}F1, .* fashion-mnist$/m,
    );
  });

  it.each([
    [['noise-enhancemnt'], 'did you mean noise-enhancement? [UNKNOWN_EXPERIMENT]', 2],
    [['toy-count'], 'of these they can: noise-enhancement, noise-enhancement/table2', 1],
    [['noise-enhancement', '--cell', '0'], '--cell 0: expected at least 1. [USAGE]', 2],
    [['noise-enhancement', '--cell', '9999'], '--cells lists them. [USAGE]', 2],
    [['noise-enhancement', '--repeats', 'x'], '--repeats x: expected a whole number', 2],
    [['noise-enhancement', '--set', 'alphas=no'], '[SETTING_TYPE]', 2],
  ])('refuses %j and says what to do', async (argv, message, expected) => {
    const { code, stdout, stderr } = await say(...argv);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('refuses a dispatch that the step does not have, and leaves no directory of a failure', async () => {
    const out = join(root, 'none');
    const { code, stderr } = await tiny('--shader', '999', '--out', out);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--shader 999: the step has \d+ dispatches/);
    expect(existsSync(out)).toBe(false);
  });

  it('refuses an --out that holds something or cannot be made, before it computes', async () => {
    expect((await tiny('--out', root)).stderr).toContain('[OUT_EXISTS]');
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect((await tiny('--out', file)).stderr).toContain('[OUT_EXISTS]');
    chmodSync(file, 0o400);
    expect((await tiny('--out', join(file, 'below'))).stderr).toContain('[OUT_UNWRITABLE]');
  });
});
