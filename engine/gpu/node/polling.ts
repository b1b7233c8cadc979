/**
 * While a promise of Dawn's is pending, its binding asks for events by re-arming `setImmediate` without pause. On a
 * software adapter that spinning thread takes a core from the shaders, which run on the processor too. Here its polls
 * are spaced by a timer of 1 ms, after a first few at once for what is done quickly. Everybody else's calls pass
 * through: Dawn's callback is told by being native and anonymous.
 */

/** Polls in a row that are not delayed. */
const PROMPT = 50;
/** A pause after which polls are prompt again, in ms. */
const PAUSE = 5;

const INSTALLED = Symbol.for('langevin.polling');

/** Spaces Dawn's polls from now on, in this process. A second call does nothing. */
export function spacePolls(): void {
  const place = globalThis as { [INSTALLED]?: true; setImmediate: typeof setImmediate };
  if (place[INSTALLED]) return;
  place[INSTALLED] = true;
  const immediate = place.setImmediate;
  let last = 0;
  let polls = 0;
  const spaced = (callback: (...args: unknown[]) => void, ...args: unknown[]): unknown => {
    if (!isNativeAndAnonymous(callback)) return immediate(callback, ...args);
    const now = performance.now();
    polls = now - last > PAUSE ? 1 : polls + 1;
    last = now;
    return polls <= PROMPT ? immediate(callback, ...args) : setTimeout(callback, 1, ...args);
  };
  place.setImmediate = Object.assign(spaced, immediate);
}

function isNativeAndAnonymous(callback: (...args: unknown[]) => void): boolean {
  return (
    callback.name === '' &&
    'prototype' in callback &&
    Function.prototype.toString.call(callback).includes('[native code]')
  );
}
