/**
 * Stopping a run. The first signal asks: the step is finished, the records are kept, the report is written. The second
 * ends the process at once. A closed pipe on stdout counts as a signal, as it does for every other program.
 */

/** 128 + the number of the signal, as shells have it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;

type StopName = keyof typeof EXIT_CODES;

/** npm passes on the Ctrl-C that the terminal has already sent: two signals within so many milliseconds are one. */
const SAME_PRESS = 100;

export interface Stop {
  readonly signal: AbortSignal;
  /** The exit code of a run that was stopped, or undefined. */
  exitCode(): number | undefined;
  /** From now on signals do again what they do without us. */
  forget(): void;
}

/** @param announce called at the first signal that a person sent */
export function stopOnSignals(announce: () => void): Stop {
  const controller = new AbortController();
  let received: StopName | undefined;
  let since = 0;
  const handle = (name: StopName): void => {
    if (received === undefined) {
      received = name;
      since = performance.now();
      controller.abort();
      if (name !== 'SIGPIPE') announce();
      // Every further write to a closed pipe fails again; that is the same signal.
    } else if (name !== 'SIGPIPE' && performance.now() - since > SAME_PRESS) process.exit(EXIT_CODES[name]);
  };
  const names = Object.keys(EXIT_CODES) as StopName[];
  for (const name of names) process.on(name, handle);
  return {
    signal: controller.signal,
    exitCode: () => (received === undefined ? undefined : EXIT_CODES[received]),
    forget: () => {
      for (const name of names) process.off(name, handle);
    },
  };
}
