/**
 * Residual networks (He et al. 2016) for images of 32x32. All begin with a 3x3 convolution, go through stages of basic
 * blocks or, in ResNet-50, bottlenecks, each stage after the first with a stride of 2, and end in a global average pooling
 * and one dense layer.
 *
 * A 3x3 convolution pads one pixel on every side. At stride 2 its outputs then lie on the even pixels, which are
 * those that a shortcut of stride 2 takes; `same` would put them on the odd ones.
 */
import { LangevinError, pad, slice, zeros, type Tensor } from '../../engine/index.ts';
import { relu } from '../activations.ts';
import { conv2d } from '../conv2d.ts';
import { dense } from '../dense.ts';
import { fanInUniform, heNormal, zeros as zeroBias, type Initializer } from '../initializers.ts';
import { stateless, type Layer, type NoParams } from '../layer.ts';
import { globalAveragePool } from '../pooling.ts';
import { residual } from '../residual.ts';
import { sequential, type SequentialParams, type SequentialState } from '../sequential.ts';
import { normalization, normalizedConvolution, type GroupSize } from './blocks.ts';

export interface ResnetOptions {
  /** Filters of every stage. Default as published. */
  readonly filters?: readonly number[];
  /** Default `batch`. */
  readonly groupSize?: GroupSize;
  readonly classes?: number;
  /** Default `heNormal` for `resnet`, `fanInUniform` for `resnet18`, `resnet34` and `resnet50`. */
  readonly weight?: Initializer;
}

interface Architecture {
  readonly filters: readonly number[];
  /** Blocks of every stage. */
  readonly blocks: readonly number[];
  readonly block: 'basic' | 'bottleneck';
  /** Where a block changes the shape: the image itself, subsampled, with channels of zeros; or a 1x1 convolution. */
  readonly shortcut: 'zero-pad' | 'projection';
  readonly groupSize: GroupSize;
  readonly classes: number;
  readonly weight: Initializer;
  readonly headBias: Initializer;
}

/**
 * The ResNets of the paper's CIFAR-10 experiments, with 6n + 2 layers: three stages of n blocks with 16, 32 and 64
 * filters and shortcuts without parameters. On [32, 32, 3] with 10 classes, ResNet-20, -56 and -110 have 269,722, 853,018
 * and 1,727,962 parameters.
 *
 * @throws LAYER for a depth that is not 6n + 2
 */
export function resnet(
  depth: number,
  { filters = [16, 32, 64], groupSize = 'batch', classes = 10, weight = heNormal }: ResnetOptions = {},
): Layer<SequentialParams, SequentialState> {
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1)
    throw new LangevinError(
      'LAYER',
      `resnet: depth ${depth} is not 6n + 2: take 20, 32, 44, 56 or 110; resnet18, resnet34 and resnet50 are functions of their own.`,
    );
  return residualNetwork({
    filters,
    blocks: [blocks, blocks, blocks],
    block: 'basic',
    shortcut: 'zero-pad',
    groupSize,
    classes,
    weight,
    headBias: zeroBias,
  });
}

/**
 * ResNet-18 with a 3x3 stem: four stages of 2 blocks with 64 to 512 filters, and projections for shortcuts. 11,173,962
 * parameters on [32, 32, 3] with 10 classes, 11,220,132 with 100. Starts as PyTorch does.
 */
export function resnet18(options: ResnetOptions = {}): Layer<SequentialParams, SequentialState> {
  return wide([2, 2, 2, 2], 'basic', options);
}

/** ResNet-34 with a 3x3 stem: stages of 3, 4, 6 and 3 blocks; 21,328,292 parameters on [32, 32, 3] with 100 classes. */
export function resnet34(options: ResnetOptions = {}): Layer<SequentialParams, SequentialState> {
  return wide([3, 4, 6, 3], 'basic', options);
}

/**
 * ResNet-50 with a 3x3 stem: stages of 3, 4, 6 and 3 bottlenecks, which end in four times `filters` channels; 23,705,252
 * parameters on [32, 32, 3] with 100 classes. A stride is that of the 3x3 convolution, as PyTorch has it.
 */
export function resnet50(options: ResnetOptions = {}): Layer<SequentialParams, SequentialState> {
  return wide([3, 4, 6, 3], 'bottleneck', options);
}

function wide(
  blocks: readonly number[],
  block: Architecture['block'],
  { filters = [64, 128, 256, 512], groupSize = 'batch', classes = 10, weight = fanInUniform }: ResnetOptions,
): Layer<SequentialParams, SequentialState> {
  return residualNetwork({
    filters,
    blocks,
    block,
    shortcut: 'projection',
    groupSize,
    classes,
    weight,
    headBias: fanInUniform,
  });
}

function residualNetwork(architecture: Architecture): Layer<SequentialParams, SequentialState> {
  const { filters, blocks, block, groupSize, classes, weight, headBias } = architecture;
  if (filters.length !== blocks.length)
    throw new LangevinError(
      'LAYER',
      `resnet: ${filters.length} widths are not one for each of the ${blocks.length} stages: give as many.`,
    );
  const stem = filters[0] as number;
  return sequential(
    ...normalizedConvolution(stem, groupSize, { weight, bias: false, padding: 1 }),
    ...filters.flatMap((width, stage) =>
      Array.from({ length: blocks[stage] as number }, (_, number) => {
        const stride = stage > 0 && number === 0 ? 2 : 1;
        if (block === 'basic') return basicBlock(width, stride, architecture);
        return bottleneck(width, stride, number === 0, architecture);
      }).flat(),
    ),
    globalAveragePool(),
    dense(classes, { weight, bias: headBias }),
  );
}

/** Two 3x3 convolutions beside a shortcut; the sum goes through ReLU. */
function basicBlock(filters: number, stride: number, { shortcut, groupSize, weight }: Architecture): Layer[] {
  const options = { weight, bias: false } as const;
  const branch = sequential(
    ...normalizedConvolution(filters, groupSize, { ...options, padding: 1, stride }),
    conv2d(filters, { ...options, padding: 1 }),
    normalization(groupSize),
  );
  // Within a stage, and into the first, a block keeps the shape of its input.
  if (stride === 1) return [residual(branch), relu()];
  const changed =
    shortcut === 'zero-pad'
      ? zeroPadded(filters, stride)
      : sequential(conv2d(filters, { ...options, size: 1, padding: 0, stride }), normalization(groupSize));
  return [residual(branch, changed), relu()];
}

/** How many times as many channels leave a bottleneck as go through its 3x3 convolution. */
const EXPANSION = 4;

/** Convolutions 1x1, 3x3 and 1x1 beside a shortcut, which is a projection in the first block of a stage: also of the first stage. */
function bottleneck(
  filters: number,
  stride: number,
  first: boolean,
  { groupSize, weight }: Architecture,
): Layer[] {
  const options = { weight, bias: false } as const;
  const pixelwise = { ...options, size: 1, padding: 0 } as const;
  const branch = sequential(
    ...normalizedConvolution(filters, groupSize, pixelwise),
    ...normalizedConvolution(filters, groupSize, { ...options, padding: 1, stride }),
    conv2d(EXPANSION * filters, pixelwise),
    normalization(groupSize),
  );
  if (!first) return [residual(branch), relu()];
  const projection = sequential(
    conv2d(EXPANSION * filters, { ...pixelwise, stride }),
    normalization(groupSize),
  );
  return [residual(branch, projection), relu()];
}

/** Every `stride`-th pixel, with channels of zeros behind its own up to `filters`: a shortcut without parameters. */
function zeroPadded(filters: number, stride: number): Layer<NoParams, NoParams> {
  const apply = (x: Tensor): Tensor => {
    const missing = filters - (x.shape.at(-1) as number);
    return pad(slice(x, [0], undefined, [1, stride, stride, 1]), [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, missing],
    ]);
  };
  return stateless(
    'zeroPadded',
    (_key, inputShape) => ({ params: {}, outputShape: apply(zeros([1, ...inputShape])).shape.slice(1) }),
    (_params, x) => apply(x),
  );
}
