/** HT's experiments on escape, its theory, and its transformer. */
import type { Experiment } from '../types.ts';
import { escapeAxis } from './escape-axis/index.ts';
import { escapeTime } from './escape-time/index.ts';
import { theory } from './theory/index.ts';
import { transformerNoise } from './transformer/index.ts';

export const heavyTailEscape: readonly Experiment[] = [theory, escapeAxis, escapeTime, transformerNoise];
