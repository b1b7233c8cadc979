/**
 * The order of commands. Programs, uploads and readbacks reach the queue in the order in which they were asked for;
 * one whose pipelines are still being compiled holds back those behind it. So memory may be handed on as soon as its
 * last use has been asked for.
 */

export interface Command {
  /** Settles when the command can run; absent if it can at once. */
  readonly ready?: Promise<unknown> | undefined;
  run(): void;
  /** Called instead of `run` if `ready` rejects. */
  fail?(reason: unknown): void;
}

export class Stream {
  private readonly waiting: Command[] = [];
  private blocked = false;

  push(command: Command): void {
    this.waiting.push(command);
    if (!this.blocked) this.advance();
  }

  private advance(): void {
    for (let command = this.waiting[0]; command; command = this.waiting[0]) {
      if (command.ready) {
        this.blocked = true;
        const waiting = command;
        const resume = (): void => {
          this.blocked = false;
          this.advance();
        };
        void command.ready.then(
          () => {
            this.waiting[0] = { run: () => waiting.run() };
            resume();
          },
          (reason: unknown) => {
            this.waiting[0] = { run: () => waiting.fail?.(reason) };
            resume();
          },
        );
        return;
      }
      this.waiting.shift();
      command.run();
    }
  }
}
