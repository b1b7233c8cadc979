#!/usr/bin/env node
/** The `langevin` command. */
import { experiments } from '../experiments/index.ts';
import { main } from './process.ts';

main(experiments);
