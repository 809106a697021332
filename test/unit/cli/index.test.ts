import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }
import { OperatorError } from '../../../src/base/errors.ts'
import { type Command, WrongUsage } from '../../../src/cli/command.ts'
import { COMMANDS, runCli } from '../../../src/cli/index.ts'

async function run(argv: string[], commands: readonly Command[] = COMMANDS) {
  const out: string[] = []
  const err: string[] = []
  const context = {
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
    stdin: Readable.from([]),
    environment: {},
  }
  const code = await runCli(argv, context, commands)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

const command = (work: () => 0 | 1 | 2): Command => ({
  name: 'work',
  usage: 'work [--hard]',
  summary: 'Do something',
  run: async () => work(),
})

it.each(['--help', '-h', 'help'])('lists every command on %s', async (flag) => {
  const { code, out } = await run([flag])
  expect(code).toBe(0)
  for (const { name, summary } of COMMANDS) expect(out).toMatch(new RegExp(`${name} +${summary}`))
})

it('prints the version of the package', async () => {
  expect(await run(['--version'])).toEqual({ code: 0, out: packageJson.version, err: '' })
})

it('explains itself on the error channel when nothing is asked', async () => {
  expect(await run([])).toMatchObject({ code: 2, out: '' })
})

it('says which command was meant', async () => {
  const { code, err } = await run(['chekc'])
  expect(code).toBe(2)
  expect(err).toContain('"check"')
})

it('tells about one command without running it', async () => {
  const never = command(() => {
    throw new Error('ran')
  })
  expect(await run(['work', '--help'], [never])).toMatchObject({ code: 0, err: '' })
})

it('tells what the words of a command do', async () => {
  const { code, out } = await run(['user', '--help'])
  expect(code).toBe(0)
  expect(out).toMatch(/^erase +\w/m)
})

it('says which word of a command was meant', async () => {
  const { code, err } = await run(['user', 'lits'])
  expect(code).toBe(2)
  expect(err).toContain('"list"')
})

it.each([0, 1, 2] as const)('ends with the exit code %i of the command', async (code) => {
  expect((await run(['work'], [command(() => code)])).code).toBe(code)
})

it('prints the sentence for the operator alone', async () => {
  const refusing = command(() => {
    throw new OperatorError('Port 9091 is taken.')
  })
  expect(await run(['work'], [refusing])).toEqual({ code: 1, out: '', err: 'Port 9091 is taken.' })
})

it('prints a bug with its stack', async () => {
  const broken = command(() => {
    throw new TypeError('x is not a function')
  })
  const { code, err } = await run(['work'], [broken])
  expect(code).toBe(1)
  expect(err).toMatch(/^Gatehouse failed: TypeError: x is not a function\n\s+at /)
})

it('shows the usage beside arguments that make no sense', async () => {
  const unsure = command(() => {
    throw new WrongUsage('one is enough')
  })
  expect(await run(['work'], [unsure])).toMatchObject({
    code: 2,
    err: expect.stringContaining('work [--hard]'),
  })
  const { code, err } = await run(['check', '--fast'])
  expect(code).toBe(2)
  expect(err).toContain('usage: gatehouse check')
})

it('prints an example and a reference', async () => {
  expect((await run(['config-example'])).out).toContain('\nportal:\n')
  expect((await run(['config-example', '--reference'])).out).toContain('# Configuration')
})
