import type { Backend } from '../graph/backend.ts';
import { fail } from '../graph/errors.ts';

export async function deviceBackend(_adapter?: string): Promise<Backend> {
  return fail('NO_ADAPTER', 'not yet');
}
