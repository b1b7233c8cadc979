/** Every kernel that an operation can take, each in turn, on the device in use. */
import { deviceBackend } from '../../engine/gpu/backend.ts';
import type { Device } from '../../engine/gpu/device.ts';
import { currentBackend, setBackend } from '../../engine/graph/backend.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import type { AdapterTraits, Attributes, Primitive } from '../../engine/graph/primitive.ts';
import { apply, hostTensor, placeholder, transforming } from '../../engine/graph/tensor.ts';
import { currentDevice } from '../../engine/index.ts';
import { subjectsOf, type Subject } from '../../engine/tune/subjects.ts';
import { checkKernel, type Deviation } from '../conformance/checkers.ts';

export interface Case {
  readonly primitive: Primitive;
  readonly inputs: readonly NdArray[];
  readonly attributes: Attributes;
}

/** The kernels of an operation that can run on an adapter. */
export function subjectOf({ primitive, inputs, attributes }: Case, adapter: AdapterTraits): Subject {
  const places = inputs.map((input, k) => placeholder(input, `operand ${k}`));
  const result = transforming(() => apply(primitive, places, attributes));
  const [subject] = subjectsOf([result], places, { adapter, maxBuffers: 8 });
  if (!subject) throw new Error(`${primitive.name} has one kernel on this adapter.`);
  return subject;
}

/** How far the result of each kernel is from float64. */
export async function deviationsOf(each: Case, adapter: AdapterTraits): Promise<Map<string, Deviation>> {
  const device = currentDevice() as Device;
  const before = currentBackend();
  const { shapeClass, variants } = subjectOf(each, adapter);
  const found = new Map<string, Deviation>();
  try {
    for (const name of variants) {
      const choice = (asked: string): string | undefined => (asked === shapeClass ? name : undefined);
      setBackend(deviceBackend(device, { ...adapter, choice }));
      const { primitive, inputs, attributes } = each;
      const result = apply(
        primitive,
        inputs.map((input) => hostTensor(input, input.data)),
        attributes,
      );
      const data = await result.data();
      const array = { shape: result.shape, dtype: result.dtype, data } as NdArray;
      found.set(name, checkKernel(primitive, { inputs, attributes }, array));
    }
  } finally {
    setBackend(before);
  }
  return found;
}
