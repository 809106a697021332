import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, it, onTestFinished } from 'vitest'
import { runCli } from '../../../src/cli/index.ts'

function aFile(yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, yaml)
  return file
}

async function check(args: string[], environment = {}) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(['check', ...args], {
    print: (line) => out.push(line),
    printError: (line) => err.push(...line.split('\n')),
    stdin: Readable.from([]),
    environment,
  })
  return { code, out, err }
}

const GOOD = 'portal: { url: https://auth.example.com }\n'

it('finds nothing to say about a good file, and leaves nothing behind', async () => {
  const file = aFile(GOOD)
  expect(await check([file])).toEqual({
    code: 0,
    out: [`${file}: 0 routes, no faults, 0 warnings`],
    err: [],
  })
  expect(readdirSync(dirname(file))).toEqual(['config.yaml'])
})

it('prints warnings and still ends well', async () => {
  const file = aFile('portal: { url: http://auth.example.com }\n')
  const { code, out } = await check([file])
  expect(code).toBe(0)
  expect(out).toHaveLength(2)
  expect(out[0]).toContain(`${file}:1:11 portal.url: `)
  expect(out[1]).toContain('1 warning')
})

it('prints every fault on the error channel and ends with 1', async () => {
  const file = aFile('portal: { url: 5 }\nlog: { level: loud }\nlgo: {}\n')
  const { code, out, err } = await check(['--config', file])
  expect(code).toBe(1)
  expect(out).toEqual([])
  expect(err).toHaveLength(3)
})

it('looks at the file that GATEHOUSE_CONFIG names', async () => {
  expect((await check([], { GATEHOUSE_CONFIG: aFile(GOOD) })).code).toBe(0)
})

it('ends with 1 when the file is not there', async () => {
  const file = join(dirname(aFile(GOOD)), 'other.yaml')
  const { code, err } = await check([file])
  expect(code).toBe(1)
  expect(err).toHaveLength(1)
  expect(existsSync(file)).toBe(false)
})

it('looks at one file at a time', async () => {
  expect((await check(['a.yaml', 'b.yaml'])).code).toBe(2)
  expect((await check(['a.yaml', '--config', 'b.yaml'])).code).toBe(2)
})
