/** The sizes of HT-1 and HT-3: papers.md 5.3. They differ in their networks only, so that trainings can be shared. */
import type { PresetName } from '../../types.ts';
import type { NoiseConfig } from './cells.ts';
import { medium, small, tiny, whole } from './plan.ts';

type Networks = Readonly<Record<PresetName, readonly string[]>>;

/** Published are ResNet-110, -18, -34 and -50 for table 1, and -20 besides for figure 2. */
export const table1Networks: Networks = {
  smoke: ['196-8-10'],
  small: ['196-32-10'],
  medium: ['ResNet-20'],
  paper: ['ResNet-110', 'ResNet-18', 'ResNet-34', 'ResNet-50'],
};

export const figure2Networks: Networks = {
  smoke: ['196-8-10', '196-8-8-10'],
  small: ['196-32-10', '196-64-64-10'],
  medium: ['ResNet-20'],
  paper: ['ResNet-20', 'ResNet-110', 'ResNet-18', 'ResNet-34', 'ResNet-50'],
};

const perceptron: Omit<NoiseConfig, 'networks'> = {
  ...small,
  rate: 0.25,
  batchSize: 32,
  steps: 3000,
  epochs: 0,
  batchSizes: [32, 128, 400],
  startSizes: [32],
  parameters: 100,
  batches: 2000,
  controls: 10,
  histograms: 3,
  piece: 100,
  repeats: 3,
};

/** The paper gives neither the rate, the batch of training, nor its length; its noise is that of an epoch at B = 400. */
const published: Omit<NoiseConfig, 'networks'> = {
  ...whole,
  rate: 0.1,
  batchSize: 400,
  steps: 0,
  epochs: 200,
  batchSizes: [400],
  startSizes: [400],
  parameters: 100,
  batches: 0,
  controls: 10,
  histograms: 3,
  piece: 400,
  repeats: 1,
};

export function presetsFor(networks: Networks): Readonly<Record<PresetName, NoiseConfig>> {
  return {
    smoke: {
      ...perceptron,
      ...tiny,
      networks: networks.smoke,
      // At 0.25 eight units die.
      rate: 0.05,
      batchSize: 16,
      steps: 60,
      batchSizes: [16, 64],
      startSizes: [16],
      parameters: 8,
      batches: 200,
      controls: 4,
      histograms: 2,
      repeats: 1,
    },
    small: { ...perceptron, networks: networks.small },
    medium: {
      ...published,
      ...medium,
      networks: networks.medium,
      batchSize: 50,
      epochs: 40,
      batchSizes: [50, 400],
      startSizes: [50],
      batches: 200,
    },
    paper: { ...published, networks: networks.paper },
  };
}
