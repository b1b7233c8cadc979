/**
 * A snapshot as a safetensors file. Its tensors have the paths of the tree as names, so that Python finds
 * `params/layers/0/weight`; everything else stands in the metadata as text:
 *
 *   langevin.schema    version of this format
 *   langevin.cell      hash of the cell whose training this is
 *   langevin.records   number of records in the log that come before it
 *   langevin.state     the snapshot's state, as JSON
 *   langevin.digest    sha256 of the file without this entry: the file proves itself, without another beside it
 */
import { createHash } from 'node:crypto';
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsDType,
  type StoredTensor,
  type WrittenDType,
} from '../../data/safetensors.ts';
import { tensor, tree, type DType, type HostArray, type Tensor, type Tree } from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { decode, encode } from '../json-lines.ts';
import type { Snapshot } from '../grid.ts';
import type { Json } from '../types.ts';

const SCHEMA = '1';
const FIELDS = ['schema', 'cell', 'records', 'state', 'digest'] as const;

/** What a checkpoint says beside its snapshot. */
export interface CheckpointHead {
  /** The hash of the cell. */
  readonly cell: string;
  /** Records of the log that come before it. */
  readonly records: number;
}

/** A checkpoint that was read and found sound, not yet held against anything. */
export interface StoredCheckpoint extends CheckpointHead {
  readonly state: Json;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Reads the tensors and makes the bytes of the file.
 * @throws NON_FINITE naming the first float tensor with a NaN or an infinity: to go on from there makes no sense
 */
export async function encodeCheckpoint(
  { tensors, state }: Snapshot,
  head: CheckpointHead,
): Promise<Uint8Array> {
  const stored = new Map<string, StoredTensor>();
  for (const { path, leaf } of tree.paths(tensors)) stored.set(path, storedOf(path, leaf, await leaf.data()));
  const metadata = new Map([
    ['langevin.schema', SCHEMA],
    ['langevin.cell', head.cell],
    ['langevin.records', String(head.records)],
    ['langevin.state', encode(state)],
  ]);
  metadata.set('langevin.digest', digestOf(stored, metadata));
  return encodeSafetensors(stored, metadata);
}

function storedOf(path: string, { shape, dtype }: Tensor, data: HostArray): StoredTensor {
  if (dtype === 'f32') {
    const at = data.findIndex((x) => !Number.isFinite(x));
    if (at >= 0)
      fail(
        'NON_FINITE',
        `A checkpoint was asked for, but '${path}' is ${data[at]} at element ${at}; take a smaller learning rate.`,
      );
  }
  const name: SafetensorsDType =
    data instanceof Float64Array
      ? 'F64'
      : ({ f32: 'F32', i32: 'I32', u32: 'U32', bool: 'BOOL' } as const)[dtype];
  return { dtype: name, shape, data } as StoredTensor;
}

/**
 * Reads a checkpoint.
 * @throws SAFETENSORS or CHECKPOINT_CORRUPT if the file is not what was written, CHECKPOINT_SCHEMA if another version
 *   of langevin wrote it
 */
export function decodeCheckpoint(bytes: Uint8Array): StoredCheckpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const [schema, cell, records, state, digest] = FIELDS.map((field) => metadata.get(`langevin.${field}`));
  const signed = new Map([...metadata].filter(([key]) => key !== 'langevin.digest'));
  if (digest !== digestOf(tensors, signed))
    fail('CHECKPOINT_CORRUPT', 'the digest of the checkpoint is not that of its content.');
  if (schema !== SCHEMA || cell === undefined || records === undefined || state === undefined)
    return fail(
      'CHECKPOINT_SCHEMA',
      `The checkpoint has schema ${schema}, and this version of langevin reads ${SCHEMA}: go on with the version that wrote it.`,
    );
  return { cell, records: Number(records), state: decode(state), tensors };
}

/** Encoding is a function of content alone, so a file that was read can be made again and hashed. */
function digestOf(tensors: ReadonlyMap<string, StoredTensor>, metadata: ReadonlyMap<string, string>): string {
  return createHash('sha256').update(encodeSafetensors(tensors, metadata)).digest('hex');
}

/** What dtypes a tensor of the engine may have in a file; float64 where the reference backend wrote it. */
const ACCEPTED: Readonly<Record<DType, readonly SafetensorsDType[]>> = {
  f32: ['F32', 'F64'],
  i32: ['I32'],
  u32: ['U32'],
  bool: ['BOOL'],
};

/** One whose dtype has been found to be accepted. */
type AcceptedTensor = Extract<StoredTensor, { readonly dtype: WrittenDType }>;

/**
 * The tensors of a checkpoint in the structure of `template`.
 * @throws CHECKPOINT_MISMATCH listing everything that does not fit; nothing is loaded then
 */
export function fitCheckpoint(
  { tensors, cell }: StoredCheckpoint,
  template: Tree,
  expected: string,
  path: string,
): Tree {
  const leaves = tree.paths(template);
  const wanted = new Set(leaves.map((each) => each.path));
  const problems = [
    ...(cell === expected ? [] : [`it is of the cell ${cell}, not ${expected}`]),
    ...leaves.flatMap(({ path: name, leaf }) => {
      const found = tensors.get(name);
      if (!found) return [`'${name}' is missing`];
      const fits = ACCEPTED[leaf.dtype].includes(found.dtype) && String(leaf.shape) === String(found.shape);
      return fits
        ? []
        : [`'${name}' is ${found.dtype}[${found.shape.join(', ')}], expected ${leaf.toString()}`];
    }),
    ...[...tensors.keys()].filter((name) => !wanted.has(name)).map((name) => `'${name}' has no place`),
  ];
  if (problems.length > 0)
    fail(
      'CHECKPOINT_MISMATCH',
      `${path} does not fit this training (${problems.join('; ')}): go on with the version of langevin that wrote it, ` +
        'or remove the directory of the cell to train it again.',
    );
  const loaded = leaves.map(({ path: name, leaf }) =>
    tensor((tensors.get(name) as AcceptedTensor).data, leaf.shape, leaf.dtype),
  );
  return tree.unflatten(template, loaded);
}
