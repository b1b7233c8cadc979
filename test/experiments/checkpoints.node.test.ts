/** The checkpoints of a cell: what is saved is loaded, and whatever call of the file system fails, nothing is lost. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../data/index.ts';
import { init, tensor, tree, zeros, type Tree } from '../../engine/index.ts';
import { checkpointStore, LATEST, type CheckpointStore } from '../../experiments/node/checkpoints.ts';
import { nodeFileSystem, type FileSystem, type OpenFile } from '../../data/node/durable.ts';

beforeAll(() => init({ backend: 'reference' }));
const root = mkdtempSync(join(tmpdir(), 'langevin-checkpoints-'));
afterAll(() => rmSync(root, { recursive: true }));

let counter = 0;
let directory = '';
let notes: string[] = [];
let records = 0;
let resumed: [number, string | undefined][] = [];
beforeEach(() => {
  directory = mkdtempSync(join(root, `cell-${counter++}-`));
  [notes, resumed, records] = [[], [], 0];
});

const store = (files: FileSystem = nodeFileSystem, cell: string = 'abc'): CheckpointStore =>
  checkpointStore(directory, {
    cell,
    every: 0,
    files,
    log: {
      get count() {
        return records;
      },
      flush: () => undefined,
      resume: (keep, from) => resumed.push([keep, from]),
      note: (text) => notes.push(text),
    },
  });

/** A state of training whose numbers are all `value`. */
const stateOf = (value: number): Tree => ({
  params: {
    layers: [{ weight: tensor(new Float64Array(6).fill(value), [2, 3]), bias: tensor([value, -0]) }],
  },
  optimizer: { rate: tensor(value / 3), step: tensor(Int32Array.of(value), []) },
  key: tensor(Uint32Array.of(value, 0xffffffff)),
  mask: tensor([true, false]),
});
const template = stateOf(0);

const valuesOf = async (state: Tree): Promise<unknown> =>
  Promise.all(
    tree.paths(state).map(async ({ path, leaf }) => [path, leaf.toString(), [...(await leaf.data())]]),
  );

const checkpoints = (): string[] => readdirSync(directory).filter((name) => name.startsWith('checkpoint-'));

async function saveThree(): Promise<void> {
  for (const value of [1, 2, 3]) {
    records = 10 * value;
    await store().save({ tensors: stateOf(value), state: { step: value, loss: NaN } });
  }
}

test('a snapshot is loaded as it was saved, bit for bit, with its state and the number of records before it', async () => {
  await saveThree();
  const snapshot = await store().restore(template);
  expect(await valuesOf(snapshot?.tensors ?? [])).toEqual(await valuesOf(stateOf(3)));
  expect(snapshot?.state).toEqual({ step: 3, loss: NaN });
  expect(resumed).toEqual([[30, 'checkpoint-000003.safetensors']]);
  expect(notes).toEqual([]);
});

test('the last two checkpoints are kept, and the latest is named in latest.json', async () => {
  await saveThree();
  expect(checkpoints()).toEqual(['checkpoint-000002.safetensors', 'checkpoint-000003.safetensors']);
  const latest = JSON.parse(readFileSync(join(directory, LATEST), 'utf8')) as unknown;
  expect(latest).toMatchObject({
    schema: 1,
    sequence: 3,
    file: 'checkpoint-000003.safetensors',
    cell: 'abc',
  });
});

test('tensors have the paths of the tree as names, so that other programs find them', async () => {
  await saveThree();
  const { tensors } = decodeSafetensors(readFileSync(join(directory, 'checkpoint-000003.safetensors')));
  expect([...tensors.keys()].sort()).toEqual([
    'key',
    'mask',
    'optimizer/rate',
    'optimizer/step',
    'params/layers/0/bias',
    'params/layers/0/weight',
  ]);
});

test('without a checkpoint there is none to restore', async () => {
  expect(await store().restore(template)).toBeUndefined();
  expect(resumed).toEqual([[0, undefined]]);
});

const damage: [string, (path: string) => void][] = [
  ['cut', (path) => writeFileSync(path, readFileSync(path).subarray(0, -3))],
  ['empty', (path) => writeFileSync(path, '')],
  ['changed in one bit of a tensor', (path) => flip(path, -1)],
  ['changed in its state', (path) => flip(path, readFileSync(path).indexOf('{\\"step') + 11)],
];

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  const position = at < 0 ? bytes.length + at : at;
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

test.each(damage)(
  'a checkpoint that is %s is set aside, loudly, for the one before it',
  async (_what, spoil) => {
    await saveThree();
    spoil(join(directory, 'checkpoint-000003.safetensors'));
    const snapshot = await store().restore(template);
    expect(snapshot?.state).toMatchObject({ step: 2 });
    expect(resumed).toEqual([[20, 'checkpoint-000002.safetensors']]);
    expect(notes.join()).toMatch(
      /checkpoint-000003.safetensors cannot be used: .*going on from checkpoint-000002/,
    );
    expect(checkpoints()).toContain('checkpoint-000003.safetensors.bad');
    await store().save({ tensors: stateOf(4), state: null });
    expect(checkpoints().filter((name) => !name.endsWith('.bad'))).toEqual([
      'checkpoint-000002.safetensors',
      'checkpoint-000003.safetensors',
    ]);
    expect((await store().restore(template))?.state).toBeNull();
  },
);

test('when no checkpoint can be used that is an error, and training does not start again by itself', async () => {
  await saveThree();
  for (const name of checkpoints()) flip(join(directory, name), -1);
  const attempt = (): Promise<unknown> => store().restore(template);
  await expect(attempt()).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
  await expect(attempt()).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
  expect(resumed).toEqual([]);
});

test('a latest checkpoint that is gone is reported, and all of them gone is an error', async () => {
  await saveThree();
  rmSync(join(directory, 'checkpoint-000003.safetensors'));
  expect((await store().restore(template))?.state).toMatchObject({ step: 2 });
  expect(notes.join()).toContain('checkpoint-000003.safetensors, which latest.json names, is gone');
  rmSync(join(directory, 'checkpoint-000002.safetensors'));
  await expect(store().restore(template)).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
});

test('a checkpoint that counts more records than the log has is not used', async () => {
  await saveThree();
  records = 25;
  expect((await store().restore(template))?.state).toMatchObject({ step: 2 });
  expect(notes.join()).toContain('it comes after 30 records, and the log has 25');
});

test('a checkpoint that the system does not give out is refused, and nothing older taken in its place', async () => {
  await saveThree();
  const files: FileSystem = {
    ...nodeFileSystem,
    read: (path) =>
      path.endsWith('3.safetensors') ? Promise.reject(systemError('EIO')) : nodeFileSystem.read(path),
  };
  await expect(store(files).restore(template)).rejects.toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
  expect(checkpoints()).toHaveLength(2);
});

test('a latest.json that cannot be read does not matter while there are checkpoints', async () => {
  await saveThree();
  writeFileSync(join(directory, LATEST), '{"sequ');
  expect((await store().restore(template))?.state).toMatchObject({ step: 3 });
});

test('a checkpoint of another model is refused with everything that differs, and nothing is loaded', async () => {
  await saveThree();
  const other: Tree = {
    params: { layers: [{ weight: zeros([3, 3]), gain: zeros([2]) }] },
    optimizer: { rate: zeros([]), step: zeros([]) },
    key: zeros([2], 'u32'),
    mask: tensor([true, false]),
  };
  const refused = store(nodeFileSystem, 'def').restore(other);
  await expect(refused).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' });
  const message = await refused.catch((error: Error) => error.message);
  for (const part of [
    'of the cell abc, not def',
    "'params/layers/0/weight' is F64[2, 3], expected f32[3, 3]",
    "'params/layers/0/gain' is missing",
    "'params/layers/0/bias' has no place",
    "'optimizer/step' is I32[], expected f32[]",
  ])
    expect(message).toContain(part);
  expect(checkpoints()).toHaveLength(2);
  expect(resumed).toEqual([]);
});

test('a checkpoint of a later version is refused, and left as it is', async () => {
  await saveThree();
  const path = join(directory, 'checkpoint-000003.safetensors');
  const { tensors, metadata } = decodeSafetensors(readFileSync(path));
  const later = new Map([...metadata, ['langevin.schema', '2']]);
  later.delete('langevin.digest');
  const digest = createHash('sha256').update(encodeSafetensors(tensors, later)).digest('hex');
  writeFileSync(path, encodeSafetensors(tensors, later.set('langevin.digest', digest)));
  await expect(store().restore(template)).rejects.toMatchObject({ code: 'CHECKPOINT_SCHEMA' });
  expect(checkpoints()).toHaveLength(2);
});

test.each([NaN, Infinity, -Infinity])(
  '%d in a tensor is refused with the path, and nothing is written',
  async (value) => {
    await saveThree();
    const before = readdirSync(directory);
    const tensors = { ...(template as Record<string, Tree>), optimizer: { slot: tensor([1, value]) } };
    const saving = store().save({ tensors, state: null });
    await expect(saving).rejects.toMatchObject({ code: 'NON_FINITE' });
    await expect(saving).rejects.toThrow("'optimizer/slot'");
    expect(readdirSync(directory)).toEqual(before);
  },
);

test('temporary files that a crash left behind are never loaded, and swept', async () => {
  await saveThree();
  const orphan = join(directory, 'checkpoint-000009.safetensors.tmp-123-0a1b2c3d');
  copyFileSync(join(directory, 'checkpoint-000002.safetensors'), orphan);
  expect((await store().restore(template))?.state).toMatchObject({ step: 3 });
  await store().sweep();
  expect(readdirSync(directory)).not.toContain('checkpoint-000009.safetensors.tmp-123-0a1b2c3d');
});

const opened: OpenFile[] = [];
afterEach(() => Promise.all(opened.splice(0).map((file) => file.close())));

/** The real file system but for its n-th call, before which `fault` has its way. */
function failing(n: number, fault: () => unknown): { files: FileSystem; calls: () => number } {
  let calls = 0;
  const counted = async <T>(go: () => Promise<T>): Promise<T> => {
    if (++calls === n) await fault();
    return go();
  };
  const files: FileSystem = {
    list: (path) => counted(() => nodeFileSystem.list(path)),
    read: (path) => counted(() => nodeFileSystem.read(path)),
    rename: (from, to) => counted(() => nodeFileSystem.rename(from, to)),
    remove: (path) => counted(() => nodeFileSystem.remove(path)),
    flushDirectory: (path) => counted(() => nodeFileSystem.flushDirectory(path)),
    create: (path) =>
      counted(async () => {
        const file = await nodeFileSystem.create(path);
        opened.push(file);
        return {
          write: (bytes) => counted(() => file.write(bytes)),
          flush: () => counted(() => file.flush()),
          close: () => counted(() => file.close()),
        };
      }),
  };
  return { files, calls: () => calls };
}

const systemError = (code: string): Error => Object.assign(new Error(code), { code, syscall: 'write' });

/** Calls of one save. */
async function callsOfASave(): Promise<number> {
  const { files, calls } = failing(0, () => undefined);
  await store(files).save({ tensors: stateOf(9), state: { step: 9 } });
  return calls();
}

test.each(['ENOSPC', 'EIO'])(
  'whichever call of a save fails with %s, the save is rejected, no temporary file stays, and a whole checkpoint is loaded',
  async (code) => {
    await saveThree();
    const count = await callsOfASave();
    expect(count).toBeGreaterThan(12);
    for (let n = 1; n <= count; n++) {
      const before = (await store().restore(template))?.state as { readonly step: number };
      const { files } = failing(n, () => {
        throw systemError(code);
      });
      const saving = store(files).save({ tensors: stateOf(100 + n), state: { step: 100 + n } });
      await expect(saving, `call ${n}`).rejects.toMatchObject({
        code: 'CHECKPOINT_WRITE',
        message: expect.stringContaining(code) as string,
      });
      const after = (await store().restore(template))?.state as { readonly step: number };
      // Once the new file has its name it counts, whatever fails later.
      expect([before.step, 100 + n]).toContain(after.step);
      expect(readdirSync(directory).filter((name) => name.includes('.tmp-'))).toEqual([]);
      expect(notes).toEqual([]);
    }
  },
);

test('a process that ends at any call of a save leaves a checkpoint that loads', async () => {
  await saveThree();
  const count = await callsOfASave();
  for (let n = 1; n <= count; n++) {
    // The n-th call is never made, and so none after it.
    await new Promise<void>((gone) => {
      const { files } = failing(n, () => {
        gone();
        return new Promise(() => undefined);
      });
      void store(files).save({ tensors: stateOf(200 + n), state: { step: 200 + n } });
    });
    const next = store();
    const snapshot = await next.restore(template);
    expect(snapshot, `call ${n}`).toBeDefined();
    expect(notes).toEqual([]);
    await next.sweep();
  }
});

test('a write that takes fewer bytes than it was given is continued', async () => {
  const { files } = failing(0, () => undefined);
  const slow: FileSystem = {
    ...files,
    create: async (path) => {
      const file = await files.create(path);
      return { ...file, write: (bytes) => file.write(bytes.subarray(0, 100)) };
    },
  };
  await store(slow).save({ tensors: stateOf(5), state: { step: 5 } });
  expect((await store().restore(template))?.state).toEqual({ step: 5 });
});

test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
  ['takes nothing', () => new Uint8Array()],
  ['takes other bytes', (bytes) => bytes.map((byte) => byte ^ 1)],
])('a disk that %s without an error does not pass for a save', async (_what, spoil) => {
  await saveThree();
  const { files } = failing(0, () => undefined);
  const lying: FileSystem = {
    ...files,
    create: async (path) => {
      const file = await files.create(path);
      return { ...file, write: (bytes) => file.write(spoil(bytes)) };
    },
  };
  await expect(store(lying).save({ tensors: stateOf(5), state: { step: 5 } })).rejects.toMatchObject({
    code: 'CHECKPOINT_WRITE',
  });
  expect((await store().restore(template))?.state).toMatchObject({ step: 3 });
});

const python = spawnSync('python3', ['-c', 'import numpy, safetensors'], { timeout: 20_000 });

test.runIf(python.status === 0)('Python reads a checkpoint', async () => {
  await saveThree();
  const program = `
import sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework='np') as f:
    print(sorted(f.keys()), f.get_tensor('params/layers/0/weight').tolist(), f.metadata()['langevin.cell'])
`;
  const path = join(directory, 'checkpoint-000003.safetensors');
  const { stdout, stderr } = spawnSync('python3', ['-c', program, path], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(stderr).toBe('');
  expect(stdout).toBe(
    "['key', 'mask', 'optimizer/rate', 'optimizer/step', 'params/layers/0/bias', 'params/layers/0/weight'] " +
      '[[3.0, 3.0, 3.0], [3.0, 3.0, 3.0]] abc\n',
  );
});
