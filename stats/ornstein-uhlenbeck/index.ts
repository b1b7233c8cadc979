/** SGD near a minimum: the laws that theory gives for a quadratic, and the processes themselves. */
export {
  chainsAt,
  eulerMaruyama,
  ornsteinUhlenbeck,
  regressionDynamics,
  sgdDynamics,
  type ChainState,
  type Dynamics,
} from './dynamics.ts';
export { heavyBallVariance, type HeavyBall } from './heavy-ball.ts';
export {
  leadingOrderLoss,
  regressionLaw,
  stationaryCovariance,
  stationaryLaw,
  transientLoss,
  type LawOrder,
  type StationaryLaw,
} from './predictions.ts';
export { isStable, type QuadraticSgd } from './quadratic.ts';
export {
  simulateStationary,
  simulateTransient,
  type SimulationOptions,
  type StationaryMoments,
  type StationaryOptions,
  type TransientOptions,
  type TransientPoint,
} from './simulate.ts';
