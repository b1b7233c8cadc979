/** Where this user's programs keep what can be made again. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The platform's cache directory for langevin: `$XDG_CACHE_HOME/langevin` or `~/.cache/langevin` on Linux. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (process.platform === 'win32')
    return join(environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'langevin');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'langevin');
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'langevin');
}
