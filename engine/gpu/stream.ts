/**
 * The order of commands. Programs, uploads and readbacks reach the queue in the order in which they were asked for;
 * one whose pipelines are still being compiled holds back those behind it. So memory may be handed on as soon as its
 * last use has been asked for.
 */

export interface Command {
  /** Settles when the command can run; absent if it can at once. */
  readonly ready?: Promise<unknown> | undefined;
  run(): void;
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
        const { ready, run } = command;
        this.waiting[0] = { run: () => run.call(command) };
        const resume = (): void => {
          this.blocked = false;
          this.advance();
        };
        void ready.then(resume, () => {
          // What went wrong has been noted by whoever made the promise; the command cannot run.
          this.waiting.shift();
          resume();
        });
        return;
      }
      this.waiting.shift();
      command.run();
    }
  }
}
