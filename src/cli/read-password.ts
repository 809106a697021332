import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { OperatorError } from '../base/errors.ts'
import type { CommandContext } from './command.ts'

/**
 * Reads a new password: typed twice without an echo at a terminal, else the first line of standard
 * input. Never an argument: those stand in the process list and in the shell's history.
 *
 * @throws {OperatorError} when nothing comes, or the two do not match.
 */
export async function readPassword(context: CommandContext): Promise<string> {
  const { stdin } = context
  if (!stdin.isTTY) return firstLine(stdin)
  const [first, second] = await askTwice(context)
  if (first !== second) throw new OperatorError('The two passwords differ. Nothing was changed.')
  return first
}

async function firstLine(stdin: CommandContext['stdin']): Promise<string> {
  const lines = createInterface({ input: stdin })
  try {
    for await (const line of lines) return line
  } finally {
    lines.close()
  }
  throw nothingCame('came on standard input')
}

const nothingCame = (how: string) => new OperatorError(`No password ${how}. Nothing was changed.`)

async function askTwice({ stdin, printError }: CommandContext): Promise<[string, string]> {
  // The terminal must not echo: what readline would write goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
  const ask = (question: string) => {
    printError(question)
    return new Promise<string>((resolve, reject) => {
      // Ctrl-C and Ctrl-D close the terminal's reading without an answer.
      lines.once('close', () => reject(nothingCame('was typed')))
      lines.question('', resolve)
    })
  }
  try {
    return [await ask('New password (not shown):'), await ask('The same again:')]
  } finally {
    lines.close()
  }
}
