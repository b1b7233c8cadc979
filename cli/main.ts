#!/usr/bin/env node
/** The `langevin` command. */
import { load } from '../data/node/index.ts';
import { experiments } from '../experiments/index.ts';
import { main } from './process.ts';

main(experiments, load);
