import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { didYouMean } from '../base/did-you-mean.ts'
import { OperatorError } from '../base/errors.ts'
import { systemEnvironment } from '../config/environment.ts'
import { alerts } from './alerts.ts'
import { apiKey } from './api-key.ts'
import { audit } from './audit.ts'
import { backup } from './backup.ts'
import { check } from './check.ts'
import { type Command, type CommandContext, WrongUsage } from './command.ts'
import { configExample } from './config-example.ts'
import { demo } from './demo.ts'
import { factor } from './factor.ts'
import { health } from './health.ts'
import { key } from './key.ts'
import { limits } from './limits.ts'
import { policy } from './policy.ts'
import { serve } from './serve.ts'
import { session } from './session.ts'
import { snippet } from './snippet.ts'
import { storedData } from './stored-data.ts'
import { user } from './user.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  serve,
  demo,
  check,
  policy,
  snippet,
  user,
  factor,
  session,
  limits,
  apiKey,
  key,
  audit,
  alerts,
  backup,
  health,
  configExample,
  storedData,
]

/**
 * Finds a command and runs it.
 *
 * @param argv The arguments behind the program's name.
 * @returns The exit code: 0 done, 1 not done, 2 wrongly asked. Never rejects.
 */
export async function runCli(
  argv: readonly string[],
  context: CommandContext,
  commands: readonly Command[] = COMMANDS,
): Promise<number> {
  const [name, ...args] = argv
  if (name === undefined) {
    context.printError(help(commands))
    return 2
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    context.print(help(commands))
    return 0
  }
  if (name === '--version' || name === '-V') {
    context.print(version())
    return 0
  }

  const command = commands.find((candidate) => candidate.name === name)
  if (!command) {
    const known = commands.map((candidate) => candidate.name)
    const kind = name.startsWith('-') ? 'option' : 'command'
    context.printError(`unknown ${kind} "${name}"${didYouMean(name, known)}`)
    context.printError('See gatehouse --help.')
    return 2
  }
  if (asksForHelp(args)) {
    context.print(aboutCommand(command))
    return 0
  }
  return runCommand(command, args, context)
}

/** The terminal of this process. */
export const systemContext = (): CommandContext => ({
  print: (line) => process.stdout.write(`${line}\n`),
  printError: (line) => process.stderr.write(`${line}\n`),
  stdin: process.stdin,
  environment: systemEnvironment(),
})

async function runCommand(
  command: Command,
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  try {
    return await command.run(args, context)
  } catch (error) {
    if (error instanceof OperatorError) {
      context.printError(error.message)
      return 1
    }
    if (isWrongUsage(error)) {
      context.printError(`${error.message}\nusage: gatehouse ${command.usage}`)
      return 2
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    context.printError(`Gatehouse failed: ${stack}`)
    return 1
  }
}

// What stands behind -- is no option.
const asksForHelp = (args: readonly string[]) =>
  args.slice(0, args.indexOf('--') + 1 || undefined).some((arg) => arg === '--help' || arg === '-h')

const isWrongUsage = (error: unknown): error is Error =>
  error instanceof WrongUsage ||
  (error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('ERR_PARSE_ARGS_'))

const aboutCommand = ({ summary, usage, more }: Command) =>
  [summary, `usage: gatehouse ${usage}`, ...(more === undefined ? [] : [more])].join('\n\n')

function help(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    'Gatehouse: sign-in, second factors and signed sessions in front of your applications.',
    '',
    'usage: gatehouse COMMAND',
    '',
    ...lines,
    '',
    'gatehouse COMMAND --help tells about one command, gatehouse --version the version.',
  ].join('\n')
}

function version(): string {
  const file = findPackageJSON('..', import.meta.url)
  const content: unknown = file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8'))
  const known = typeof content === 'object' && content !== null && 'version' in content
  return known ? String(content.version) : 'unknown'
}
