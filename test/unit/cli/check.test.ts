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

const TESTED = `${GOOD}
routes:
  - host: wiki.example.com
    rules:
      - { name: public, paths: [/public/**], require: bypass }
      - { name: admin, paths: [/admin/**], groups: [admins], require: two_factor, max_age: 10m }
      - { name: inside, networks: [10.0.0.0/8], require: bypass }
      - { name: key, paths: [/key], require: phishing_resistant, amr: [hwk] }
      - { name: trial, require: deny, mode: report }
      - { name: payroll, paths: [/payroll], require: one_factor, at_risk: { high: deny } }
      - { name: rest, require: one_factor }
factors: { totp: {} }
login: { risk: {} }
tests:
`
const asks = (rest: string, page = '/') =>
  `  - { url: "https://wiki.example.com${page}", ${rest} }\n`

it('tries what the rules are meant to say', async () => {
  const file = aFile(
    TESTED +
      asks('expect: allow, rule: public', '/public/a') +
      asks('expect: authenticate, rule: rest') +
      asks('expect: allow, rule: inside, address: 10.1.1.1') +
      asks('expect: allow, user: bob, proved: one_factor') +
      asks('expect: deny, user: bob', '/admin/x') +
      asks('expect: allow, groups: [admins]', '/admin/x') +
      asks('expect: authenticate, groups: [admins], age: 11m', '/admin/x') +
      asks('expect: authenticate, groups: [admins], proved: one_factor', '/admin/x') +
      asks('expect: authenticate, user: bob', '/key') +
      asks('expect: allow, user: bob, proved: phishing_resistant', '/key') +
      asks('expect: authenticate, user: bob, proved: phishing_resistant, amr: [swk]', '/key') +
      asks('expect: deny, rule: payroll, user: bob, risk: high', '/payroll') +
      asks('expect: allow, rule: payroll, user: bob, risk: low', '/payroll') +
      asks('expect: refuse', '/public/..%2fadmin') +
      '  - { url: https://other.example.com/, expect: refuse }\n',
  )
  const { code, out, err } = await check([file])
  expect(err).toEqual([])
  expect(code).toBe(0)
  expect(out.at(-1)).toContain('15 tests passed')
})

it('ends with 1 where one comes out otherwise, and names its line', async () => {
  const file = aFile(
    TESTED +
      asks('expect: allow') +
      asks('expect: deny', '/x') +
      asks('expect: authenticate, rule: key'),
  )
  const { code, err } = await check([file])
  expect(code).toBe(1)
  expect(err.map((line) => line.slice(file.length).split(': ')[0])).toEqual([
    ':16:5 tests[0]',
    ':17:5 tests[1]',
    ':18:5 tests[2]',
  ])
})

it.each([
  ['expect: allow, proved: two_factor', 'proved'],
  ['expect: allow, risk: high', 'risk'],
  ['expect: yes', 'expect'],
  ['expect: allow, address: office', 'address'],
  ['expect: allow, method: get', 'method'],
])('refuses a test with %s', async (rest, key) => {
  const { code, err } = await check([aFile(TESTED + asks(rest))])
  expect(code).toBe(1)
  expect(err.join()).toContain(`tests[0].${key}: `)
})
