/** Measuring the trainings of a sweep: noise of the gradients, curvature and landscape of the loss. */
export type { Place } from './bench.ts';
export {
  effortFor,
  efforts,
  parts,
  policies,
  type Asked,
  type MeasurementConfig,
  type Part,
} from './config.ts';
export { MEASURE, measurement, type Measured } from './experiment.ts';
export { paperSubject } from './noise-enhancement.ts';
export { trainingSubject } from './training.ts';
export { isMeasurable, type MeasurableExperiment, type Subject, type TrainingNoise } from './subject.ts';
