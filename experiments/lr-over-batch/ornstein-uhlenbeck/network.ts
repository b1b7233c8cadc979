/** The networks on which the theory is measured: the grid of figure 3, at one batch size. */
import type { PresetName } from '../../types.ts';
import { gridPresets, type GridConfig, type GridPlan } from '../figure3/config.ts';

/** As few trainings as show a dependence on η/S. */
function thinned(preset: PresetName, pairs: GridPlan['pairs']): GridConfig {
  const { networks, plans } = gridPresets[preset];
  return {
    networks,
    repeats: 1,
    plans: Object.fromEntries(networks.map((name) => [name, { ...(plans[name] as GridPlan), pairs }])),
  };
}

export const equilibriumPresets: Readonly<Record<PresetName, GridConfig>> = {
  smoke: thinned('smoke', [
    [0.25, 16],
    [0.5, 16],
  ]),
  small: thinned('small', [
    [0.25, 64],
    [0.25, 32],
    [0.5, 32],
    [0.5, 16],
  ]),
  medium: thinned('medium', [
    [0.01, 100],
    [0.025, 100],
    [0.1, 100],
    [0.1, 25],
  ]),
  paper: thinned('paper', [
    [0.01, 100],
    [0.025, 100],
    [0.1, 100],
    [0.1, 25],
  ]),
};
