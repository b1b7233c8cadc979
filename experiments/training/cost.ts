/** What networks cost, counted as in papers.md, section 0: contractions only. */
import type { ModelSpec, NetworkSpec } from './settings.ts';

/** Of one image: [height, width, channels]. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/** What one example costs. */
export interface ExampleCost {
  /** Multiply-adds of the forward pass; a gradient takes about three times as many. */
  readonly multiplyAdds: number;
  /** Numbers that leave a convolution or a dense layer. */
  readonly activations: number;
  /** The most of them that leave one layer. */
  readonly widest: number;
}

/** What happens to the image: a convolution of 3x3 or so many taps, a shortcut beside the convolutions, a pooling by 2 or over all pixels. */
type Entry =
  | { readonly filters: number; readonly stride?: number; readonly taps?: number }
  | { readonly projection: number; readonly stride: number }
  | 'M'
  | 'all';

interface Architecture {
  readonly image: readonly Entry[];
  /** Units of the dense layers before the last. */
  readonly hidden: readonly number[];
}

export function exampleCost(
  spec: NetworkSpec,
  [height, width, channels]: ImageShape,
  classes: number,
): ExampleCost {
  const { image, hidden } = architectureOf(spec);
  let [h, w, c] = [height, width, channels];
  let multiplyAdds = 0;
  const activations: number[] = [];
  for (const entry of image) {
    if (entry === 'M') [h, w] = [Math.floor(h / 2), Math.floor(w / 2)];
    else if (entry === 'all') [h, w] = [1, 1];
    else if ('projection' in entry) {
      const { projection, stride } = entry;
      const outputs = Math.ceil(h / stride) * Math.ceil(w / stride) * projection;
      multiplyAdds += outputs * c;
      activations.push(outputs);
    } else {
      const { filters, stride = 1, taps = 9 } = entry;
      [h, w] = [Math.ceil(h / stride), Math.ceil(w / stride)];
      multiplyAdds += h * w * taps * c * filters;
      activations.push(h * w * filters);
      c = filters;
    }
  }
  let inputs = h * w * c;
  for (const units of [...hidden, classes]) {
    multiplyAdds += inputs * units;
    activations.push(units);
    inputs = units;
  }
  return {
    multiplyAdds,
    activations: activations.reduce((sum, count) => sum + count, 0),
    widest: Math.max(...activations),
  };
}

function architectureOf(spec: NetworkSpec): Architecture {
  switch (spec.kind) {
    case 'mlp':
      return { image: [], hidden: spec.hidden };
    case 'convolutions':
      return {
        image: spec.stages.flatMap((stage) => [...convolutions(stage), 'M' as const]),
        hidden: spec.hidden ?? [],
      };
    default:
      return modelOf(spec);
  }
}

function modelOf({ kind, depth = 20 }: ModelSpec): Architecture {
  switch (kind) {
    case 'k16':
      return { image: [{ filters: 16 }, 'M', { filters: 32 }, 'M'], hidden: [128] };
    case 'alexnet':
      return {
        image: [
          { filters: 64, stride: 2 },
          'M',
          { filters: 192 },
          'M',
          ...convolutions([384, 256, 256]),
          'M',
        ],
        hidden: [4096, 4096],
      };
    case 'vgg11': {
      const stages = [[64], [128], [256, 256], [512, 512], [512, 512]];
      return { image: stages.flatMap((stage) => [...convolutions(stage), 'M' as const]), hidden: [] };
    }
    case 'resnet': {
      if (depth === 18) return residual([64, 128, 256, 512], [2, 2, 2, 2], true);
      if (depth === 34) return residual([64, 128, 256, 512], [3, 4, 6, 3], true);
      const blocks = (depth - 2) / 6;
      return residual([16, 32, 64], [blocks, blocks, blocks], false);
    }
    case 'resnet50':
      return bottlenecks([64, 128, 256, 512], [3, 4, 6, 3]);
  }
}

function residual(filters: readonly number[], blocks: readonly number[], projects: boolean): Architecture {
  const stages = filters.flatMap((width, stage) =>
    Array.from({ length: blocks[stage] as number }, (_, block): Entry[] => {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const shortcut: Entry[] = stride === 2 && projects ? [{ projection: width, stride }] : [];
      return [...shortcut, { filters: width, stride }, { filters: width }];
    }).flat(),
  );
  return { image: [...convolutions(filters.slice(0, 1)), ...stages, 'all'], hidden: [] };
}

/** Each block narrows, convolves and widens fourfold; the first of a stage has a projection beside it. */
function bottlenecks(filters: readonly number[], blocks: readonly number[]): Architecture {
  const stages = filters.flatMap((width, stage) =>
    Array.from({ length: blocks[stage] as number }, (_, block): Entry[] => {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const shortcut: Entry[] = block === 0 ? [{ projection: 4 * width, stride }] : [];
      const branch = [
        { filters: width, taps: 1 },
        { filters: width, stride },
        { filters: 4 * width, taps: 1 },
      ];
      return [...shortcut, ...branch];
    }).flat(),
  );
  return { image: [...convolutions(filters.slice(0, 1)), ...stages, 'all'], hidden: [] };
}

function convolutions(filters: readonly number[]): Entry[] {
  return filters.map((each) => ({ filters: each }));
}
