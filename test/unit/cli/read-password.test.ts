import { PassThrough, Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { OperatorError } from '../../../src/base/errors.ts'
import { readPassword } from '../../../src/cli/read-password.ts'

/** A terminal at which the keys of each entry are pressed once something is asked. */
function atTerminal(answers: readonly string[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin })
  const keys = [...answers]
  const asked: string[] = []
  const printError = (line: string) => {
    asked.push(line)
    setImmediate(() => stdin.write(keys.shift() ?? ''))
  }
  return { asked, context: { stdin, printError, print: () => {}, environment: {} } }
}

const piped = (text: string) =>
  ({
    stdin: Readable.from([text]),
    print: () => {},
    printError: () => {},
    environment: {},
  }) as const

it('takes the first line of what is piped to it', async () => {
  expect(await readPassword(piped('eleven green bottles\nand more\n'))).toBe('eleven green bottles')
})

it('refuses when nothing is piped to it', async () => {
  await expect(readPassword(piped(''))).rejects.toThrow(OperatorError)
})

it('asks twice at a terminal', async () => {
  const { asked, context } = atTerminal(['eleven green\r', 'eleven green\r'])
  expect(await readPassword(context)).toBe('eleven green')
  expect(asked).toHaveLength(2)
})

it('refuses when the two differ', async () => {
  const { context } = atTerminal(['eleven green\r', 'eleven greet\r'])
  await expect(readPassword(context)).rejects.toThrow(OperatorError)
})

it.each([
  ['Ctrl-C', ['\u0003']],
  ['Ctrl-D', ['\u0004']],
  ['Ctrl-C at the second question', ['eleven green\r', '\u0003']],
])('refuses on %s', async (_, keys) => {
  await expect(readPassword(atTerminal(keys).context)).rejects.toThrow(OperatorError)
})
