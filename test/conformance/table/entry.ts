/** What the table says of a primitive, and the builders that the families share. */
import type { DType } from '../../../engine/graph/dtype.ts';
import type { Aval, NdArray } from '../../../engine/graph/ndarray.ts';
import type { Attributes } from '../../../engine/graph/primitive.ts';
import type { Shape } from '../../../engine/graph/shape.ts';
import { array, uniforms, type Domain } from '../draw.ts';
import { sizeOf } from '../../../engine/graph/shape.ts';
import { KINK_DISTANCE } from '../tolerance.ts';

export interface Sample {
  readonly inputs: readonly NdArray[];
  readonly attributes: Attributes;
}

export interface ErrorCase {
  /** What is wrong, as the end of "refuses …". */
  readonly what: string;
  readonly inputs: readonly Aval[];
  readonly attributes?: Attributes;
  readonly code: string;
}

export interface Entry {
  readonly primitive: string;
  /** Few and small, inside the domain and away from kinks: every checker runs on them. */
  readonly samples: readonly Sample[];
  /** Boundary sizes, all dtypes, large and tiny magnitudes, special values: kernels only. */
  readonly extended: readonly Sample[];
  readonly errors: readonly ErrorCase[];
  /** Inputs whose derivative is not identically zero. */
  readonly first: readonly number[];
  /** Whether the derivative itself depends on the f32 inputs. */
  readonly second: boolean;
  /** The derivative is zero by definition, whatever differences say. */
  readonly stopped?: boolean;
  /** Distance of a tuple of elements from the set without derivative; elementwise primitives only. */
  readonly kink?: (inputs: readonly number[]) => number;
  /** Domain of each input; elementwise primitives only. */
  readonly domains?: readonly Domain[];
  /** Share of the record's error bound that the kernel may use: the table only tightens. */
  readonly tighten?: number;
}

export function sample(inputs: readonly NdArray[], attributes: Attributes = {}): Sample {
  return { inputs, attributes };
}

export function aval(dtype: DType, ...shape: Shape): Aval {
  return { shape, dtype };
}

/** The real line, as far as tests go. */
export const REAL: Domain = [[-3, 3]];
/** Bounded away from 0. */
export const NONZERO: Domain = [
  [-3, -0.5],
  [0.5, 3],
];
export const POSITIVE: Domain = [[0.25, 4]];

/** Extents around the sizes of workgroups, primes, none and one. */
export const BOUNDARY_SIZES: readonly number[] = [0, 1, 63, 64, 65, 255, 256, 257, 1009];
/** Ranks 0 to 6. */
export const RANKS: readonly Shape[] = [
  [],
  [5],
  [3, 4],
  [2, 3, 4],
  [2, 1, 3, 2],
  [1, 2, 3, 1, 2],
  [2, 1, 2, 1, 3, 2],
];

export interface ElementwiseOptions {
  readonly domains: readonly Domain[];
  readonly kink?: (inputs: readonly number[]) => number;
  readonly first?: readonly number[];
  readonly second?: boolean;
  readonly stopped?: boolean;
  /** Rows of operands for f32 kernels: magnitudes, signs, neighbours of special points. */
  readonly extremes?: readonly (readonly number[])[];
  /** Rows of operands for integer and bool kernels. */
  readonly integers?: Partial<Record<'i32' | 'u32' | 'bool', readonly (readonly number[])[]>>;
  readonly refuses: readonly DType[];
  readonly extended?: readonly Sample[];
  readonly tighten?: number;
}

/** The entry of an elementwise primitive whose operands share one dtype. */
export function elementwise(name: string, options: ElementwiseOptions): Entry {
  const { domains, kink, extremes = [], integers = {} } = options;
  const arity = domains.length;
  const draw = (shape: Shape, seed: string): Sample => {
    const count = sizeOf(shape);
    // Draws tuples and leaves out those near a kink: the share that falls there is small.
    const columns = domains.map((domain, k) =>
      uniforms(`${name} ${seed} ${k}`, 2 * count + 8, domain).map(Math.fround),
    );
    const rows = (columns[0] ?? []).flatMap((_, i) => {
      const row = columns.map((column) => column[i] as number);
      return kink && kink(row) < KINK_DISTANCE ? [] : [row];
    });
    return sample(
      domains.map((_, k) =>
        array(
          'f32',
          shape,
          rows.map((row) => row[k] as number),
        ),
      ),
    );
  };
  const columnsOf = (dtype: DType, rows: readonly (readonly number[])[]): Sample =>
    sample(
      domains.map((_, k) =>
        array(
          dtype,
          [rows.length],
          rows.map((row) => row[k] as number),
        ),
      ),
    );
  const float: readonly Sample[] = [draw([7], 'a'), draw([2, 3], 'b'), draw([], 'c')];
  return {
    primitive: name,
    samples: float,
    extended: [
      draw([257], 'large'),
      ...(extremes.length > 0 ? [columnsOf('f32', extremes)] : []),
      ...Object.entries(integers).map(([dtype, rows]) => columnsOf(dtype as DType, rows)),
      ...(options.extended ?? []),
    ],
    errors: [
      ...options.refuses.map((dtype) => ({
        what: `${dtype} operands`,
        inputs: domains.map(() => aval(dtype, 2)),
        code: 'DTYPE',
      })),
      {
        what: `${arity + 1} operands`,
        inputs: Array.from({ length: arity + 1 }, () => aval('f32', 2)),
        code: 'ARITY',
      },
      ...(arity > 1
        ? [
            {
              what: 'operands of different shapes',
              inputs: [aval('f32', 2), ...domains.slice(1).map(() => aval('f32', 3))],
              code: 'SHAPE',
            },
            {
              what: 'operands of different dtypes',
              inputs: [aval('i32', 2), ...domains.slice(1).map(() => aval('f32', 2))],
              code: 'DTYPE',
            },
          ]
        : []),
    ],
    first: options.first ?? domains.map((_, k) => k),
    second: options.second ?? false,
    domains,
    ...(options.stopped && { stopped: true }),
    ...(kink && { kink }),
    ...(options.tighten !== undefined && { tighten: options.tighten }),
  };
}

/** All pairs of values, as rows. */
export function pairs(
  left: readonly number[],
  right: readonly number[] = left,
): (readonly [number, number])[] {
  return left.flatMap((x) => right.map((y) => [x, y] as const));
}
