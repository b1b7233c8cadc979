/** What is kept of an inspected step: the page, the trace and the figures, side by side in a directory. */
import { join } from 'node:path';
import { encode } from '../../json-lines.ts';
import { plainProfile } from '../../inspection/plain.ts';
import { traceOf } from '../../inspection/trace.ts';
import { writeRunFile } from '../write.ts';
import { renderInspection, type Inspected } from './page.ts';

/** Writes inspect.html, trace.json and profile.json; resolves to the path of the page. @throws RUN_WRITE */
export async function writeInspection(inspected: Inspected, directory: string): Promise<string> {
  const { profile, experiment, label, adapter, command } = inspected;
  const path = join(directory, 'inspect.html');
  const about = { experiment, training: label, adapter, command };
  await writeRunFile(join(directory, 'trace.json'), JSON.stringify(traceOf(profile, about)));
  await writeRunFile(join(directory, 'profile.json'), `${encode({ ...about, ...plainProfile(profile) })}\n`);
  await writeRunFile(path, renderInspection(inspected));
  return path;
}
