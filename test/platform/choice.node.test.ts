import { execFile, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const platform = JSON.stringify(`file://${root}/dist/engine/gpu/node/platform.js`);

// Children run the compiled module, as users do. A type error elsewhere does not keep it from being written.
beforeAll(
  () =>
    void spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'engine/gpu/node'], {
      cwd: root,
    }),
);

interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `body` as a module that has `requestAdapter`; a child that does not end by itself is killed and reports it. */
function child(body: string, env: NodeJS.ProcessEnv = {}): Promise<Ending> {
  const script = `import { requestAdapter } from ${platform};\n${body}`;
  const base = { ...process.env };
  delete base['LANGEVIN_ADAPTER'];
  return new Promise((done) => {
    const args = ['--expose-gc', '--input-type=module', '-e', script];
    const options = { env: { ...base, ...env }, timeout: 20_000 };
    const started = execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      done({ code: started.exitCode, signal: started.signalCode, stdout, stderr });
    });
  });
}

const report = `
  try { const { source, tried } = await requestAdapter(); console.log(JSON.stringify({ source, tried })); }
  catch ({ code, message }) { console.log(JSON.stringify({ code, message })); }`;

interface Report {
  readonly source?: string;
  readonly tried?: string[];
  readonly code?: string;
  readonly message?: string;
}

async function ask(env?: NodeJS.ProcessEnv): Promise<Report> {
  const { stdout, stderr } = await child(report, env);
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as Report;
}

test('LANGEVIN_ADAPTER picks an adapter by part of its name, in any case', async () => {
  expect((await ask({ LANGEVIN_ADAPTER: 'SWIFTshader' })).source).toContain('SwiftShader');
});

test('a name that no adapter has is NO_ADAPTER, and the message lists the adapters there are', async () => {
  const { code, message } = await ask({ LANGEVIN_ADAPTER: 'voodoo' });
  expect(code).toBe('NO_ADAPTER');
  expect(message).toContain("'voodoo'");
  expect(message).toContain('SwiftShader Device');
  expect(message).toContain('Unset LANGEVIN_ADAPTER');
});

test('a system driver that gives no adapter leads to the bundled one', async () => {
  // package.json is a file, so it is tried; it describes no driver, so nothing comes of it.
  const broken = { VK_DRIVER_FILES: resolve(root, 'package.json'), VK_ICD_FILENAMES: '' };
  const { source, tried } = await ask(broken);
  expect(source).toContain('bundled SwiftShader');
  expect(tried).toEqual([expect.stringContaining('system driver: no adapter')]);
});

test('the environment is as it was after the choice', async () => {
  const { stdout } = await child(`
    const before = JSON.stringify(process.env);
    await requestAdapter({ name: 'swiftshader' });
    console.log(before === JSON.stringify(process.env));`);
  expect(stdout).toBe('true\n');
});

test('requests made at the same time do not disturb each other', async () => {
  const { stdout, stderr } = await child(`
    const before = JSON.stringify(process.env);
    const names = ['swiftshader', undefined, 'swiftshader', undefined];
    const all = await Promise.all(names.map((name) => requestAdapter(name ? { name } : {})));
    for (const { adapter } of all) (await adapter.requestDevice()).destroy();
    console.log(all.length, before === JSON.stringify(process.env));`);
  expect(stdout, stderr).toBe('4 true\n');
});

test('stdout carries nothing but what the program prints', async () => {
  expect((await child(`await requestAdapter();`)).stdout).toBe('');
});

const use = `
  const { adapter } = await requestAdapter();
  const device = await adapter.requestDevice();
  const buffer = device.createBuffer({ size: 1024, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });`;

test.each([
  ['when its device was never destroyed', use],
  ['when its device was destroyed', `${use} device.destroy();`],
  ['with a map awaited and a collection forced', `${use} await buffer.mapAsync(GPUMapMode.READ); gc();`],
  ['with a map pending', `${use} gc(); void buffer.mapAsync(GPUMapMode.READ);`],
  ['after three devices', `for (let i = 0; i < 3; i++) { ${use} device.destroy(); gc(); }`],
])('a process ends by itself and without a crash %s', async (_when, body) => {
  const { code, signal, stderr } = await child(body);
  expect({ code, signal }, stderr).toEqual({ code: 0, signal: null });
});

test('a worker thread that cannot choose the driver says how to start Node', async () => {
  const { stdout, stderr } = await child(`
    import { Worker } from 'node:worker_threads';
    const body = \`import(${platform}).then(({ requestAdapter }) => requestAdapter({ name: 'swiftshader' }))
      .then(({ source }) => console.log(source), ({ message }) => console.log(message));\`;
    new Worker(body, { eval: true });`);
  expect(stdout, stderr).toMatch(/^system driver: .*SwiftShader|start Node with VK_ICD_FILENAMES=\//);
});
