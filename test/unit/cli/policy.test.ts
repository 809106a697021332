import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { runCli } from '../../../src/cli/index.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aUser } from '../../support/builders.ts'
import { aConfigFile } from '../config/files.ts'

const CONFIG = `
portal: { url: https://auth.example.com }
networks: { office: [10.0.0.0/8] }
login: { risk: {} }
routes:
  - host: wiki.example.com
    rules:
      - { name: public, paths: [/public/**], require: bypass }
      - { name: trial, require: deny, mode: report }
      - { name: delete, query: [{ name: action, is: [delete] }], networks: [office], require: deny }
      - { name: admin, paths: [/admin/**], groups: [admins], require: two_factor, max_age: 10m }
      - { name: payroll, paths: [/payroll], require: one_factor, at_risk: { medium: two_factor, high: deny } }
      - { name: key, paths: [/key], require: phishing_resistant }
      - { name: rest, require: one_factor }
  - { host: "*.apps.example.com", rules: [{ require: one_factor }] }
`

async function explain(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(['policy', 'explain', ...args], {
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
    stdin: Readable.from([]),
    environment: {},
  })
  return { code, text: out.join('\n'), err }
}

const config = () => ['--config', aConfigFile(CONFIG)]
const bob = ['--user', 'bob', '--groups', 'editors']
const page = (path: string) => ['--url', `https://wiki.example.com${path}`]

/** The cells of the line that begins so. */
const row = (text: string, start: string) =>
  text
    .split('\n')
    .find((line) => line.startsWith(start))
    ?.split(/ {2,}/)

it('walks the rules, each with its reason, up to the one that decides', async () => {
  const { code, text } = await explain(...config(), ...page('/admin/x'), ...bob)
  expect(code).toBe(0)
  expect(row(text, '1')).toEqual(['1', 'public', 'no: path is none of /public/**'])
  expect(row(text, '2')).toEqual(['2', 'trial (reports only)', 'yes → deny'])
  expect(row(text, '3')?.[2]).toBe('no: address is not in office; not action is delete')
  expect(row(text, '4')?.[2]).toMatch(/^yes: path is one of .* 10m, and does not let bob in$/)
  expect(row(text, '5')?.[2]).toBe('not reached')
})

it('tells what would be decided at every level', async () => {
  const { text } = await explain(...config(), ...page('/key'), ...bob)
  const answers = ['AAL 0', 'AAL 1', 'AAL 2, password', 'AAL 2, a passkey'].map(
    (start) => row(text, start)?.[1]?.split(/[ :]/)[0],
  )
  expect(answers).toEqual(['authenticate', 'authenticate', 'authenticate', 'allow,'])
})

it.each([
  ['low', /one factor/, ['allow', 'allow', 'allow']],
  ['medium', /two factors, at a risk that is medium/, ['authenticate', 'allow', 'allow']],
  ['high', /→ deny, at a risk that is high/, ['deny', 'deny', 'deny']],
])('tries what a risk that is %s changes', async (risk, says, answers) => {
  const { text } = await explain(...config(), ...page('/payroll'), ...bob, '--risk', risk)
  expect(text).toContain(`whose risk is ${risk}`)
  expect(row(text, '5')?.[2]).toMatch(says)
  const given = ['AAL 1', 'AAL 2, password', 'AAL 2, a passkey'].map(
    (start) => row(text, start)?.[1]?.split(/[ :,]/)[0],
  )
  expect(given).toEqual(answers)
})

it('tells only what is decided before a sign-in, where nobody is named', async () => {
  const { text } = await explain(...config(), ...page('/admin/x'))
  expect(text.match(/^AAL/gm)).toHaveLength(1)
  expect(row(text, '4')?.[2]).toMatch(/of some people only$/)
})

it.each([
  [page('/?action=delete'), [], '3', /^no/],
  [page('/?action=delete'), ['--ip', '10.0.0.1'], '3', /^yes: .* → deny$/],
  [page('/?Action=delete'), ['--ip', '10.0.0.1'], '3', /^unclear/],
  [page('/admin./x'), [], '4', /^depends/],
  [['--url', 'https://x.apps.example.com/'], [], '1', /^yes/],
])('sees %j %j as the door does', async (url, from, start, expected) => {
  const { text } = await explain(...config(), ...url, ...from)
  expect(row(text, start)?.[2]).toMatch(expected)
})

it.each([
  [page('/a/..%2fadmin'), /two ways/],
  [['--url', 'https://other.example.com/'], /no route/],
  [['--url', 'http://wiki.example.com/'], /scheme/],
  [['--url', 'wiki'], /no address/],
])('says why nothing is decided about %j', async (url, reason) => {
  const { code, text } = await explain(...config(), ...url)
  expect(code).toBe(0)
  expect(row(text, 'AAL 0')?.[1]).toMatch(reason)
})

it('takes the groups of a user from the store', async () => {
  const file = aConfigFile(CONFIG)
  const path = file.replace('config.yaml', 'gatehouse.db')
  const key = 'WxPqldgCm08sL0uNeRM0ER3b4V0A3yZJ/nUIinuGBT4='
  const { store } = await openSqlite({ path, key }, { create: true })
  await store.users.insert(aUser({ name: 'carol', groups: ['admins'] }))
  await store.close()
  const withStore = aConfigFile(`${CONFIG}store: { path: ${path}, key: ${key} }\n`)
  const args = ['--config', withStore, ...page('/admin/x')]
  const { text } = await explain(...args, '--user', 'Carol')
  expect(text).toContain('in admins')
  expect(row(text, '4')?.[2]).toMatch(/lets carol in$/)
  expect((await explain(...args, '--user', 'nobody')).code).toBe(1)
})

it.each([
  [],
  ['--url', 'https://wiki.example.com/', '--ip', 'office'],
  ['--url', 'https://wiki.example.com/', '--method', 'get'],
  ['--url', 'https://wiki.example.com/', '--groups', 'admins'],
  ['--url', 'https://wiki.example.com/', '--risk', 'high'],
  ['--url', 'https://wiki.example.com/', '--user', 'bob', '--groups', 'a', '--risk', 'odd'],
  ['--url', 'https://wiki.example.com/', 'more'],
])('asks to be asked in full, not by %j', async (...args) => {
  expect((await explain(...config(), ...args)).code).toBe(2)
})
