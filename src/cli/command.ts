import type { Environment } from '../config/environment.ts'

/** What a command may use of the terminal. */
export interface CommandContext {
  /** Writes a line to standard output: what was asked for. */
  print(line: string): void
  /** Writes a line to standard error: what went wrong, and warnings. */
  printError(line: string): void
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  environment: Environment
}

/** One thing that `gatehouse` can do. */
export interface Command {
  /** The word behind `gatehouse`. */
  name: string
  /** The command with its arguments: `check [FILE]`. */
  usage: string
  /** One line for the list of commands. */
  summary: string
  /** What the words of the usage do, where they do not say it themselves; shown by `--help`. */
  more?: string
  /**
   * Does it.
   *
   * @returns The exit code: 0 done, 1 not done, 2 wrongly asked.
   * @throws {OperatorError} when somebody has to change something first; its message is shown alone.
   * @throws {WrongUsage} when the arguments make no sense; so do the errors of `parseArgs`.
   */
  run(args: readonly string[], context: CommandContext): Promise<0 | 1 | 2>
}

/** What to say about arguments behind those that a command takes. */
export const tooMany = (surplus: readonly string[]): string =>
  `one at a time; too many arguments: ${surplus.join(' ')}`

/** The arguments make no sense. The message is shown with the usage of the command. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage'
}
