import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { A_KEY, aConfigFile, aFolder, LEAST, load, placesOf } from './files.ts'

const warned = (yaml: string) => placesOf(load(yaml).warnings)
const route = (rest: string) => `${LEAST}routes:\n  - host: wiki.example.com\n    ${rest}\n`

it('warns about a secret in the file, and of others who may read it', () => {
  const yaml = `${LEAST}store: { key: ${A_KEY} }`
  const [own] = load(yaml).warnings
  expect(own).toMatchObject({ path: 'store.key' })

  const file = aConfigFile(yaml)
  chmodSync(file, 0o644)
  const [open] = loadConfig(file, {}).warnings
  expect(open?.message.length).toBeGreaterThan(own?.message.length ?? 0)
  expect(JSON.stringify(open)).not.toContain(A_KEY)
})

it('does not mind who reads a file without secrets', () => {
  const file = aConfigFile(LEAST)
  chmodSync(file, 0o644)
  expect(loadConfig(file, {}).warnings).toEqual([])
})

it('warns about a secret file that everybody may read', () => {
  const key = join(aFolder(), 'key')
  writeFileSync(key, A_KEY)
  chmodSync(key, 0o644)
  expect(warned(`${LEAST}store: { key: { file: ${key} } }`)).toEqual(['2 store.key'])
})

it.each([
  ['http://auth.example.com', ['1 portal.url']],
  ['http://10.0.0.1:9091', ['1 portal.url']],
  ['http://localhost:9091', []],
  ['http://auth.localhost:9091', []],
  ['http://127.0.0.1:9091', []],
  ['http://[::1]:9091', []],
  ['https://auth.example.com', []],
])('weighs a portal on %s', (url, places) => {
  expect(warned(`portal: { url: "${url}" }`)).toEqual(places)
})

it.each([
  ['auth.example.co.uk', 'co.uk', ['2 session.cookie_domain']],
  ['gate.github.io', 'github.io', ['2 session.cookie_domain']],
  ['auth.example.com', 'example.com', []],
])('weighs a cookie from %s for %s', (host, domain, places) => {
  const yaml = `portal: { url: https://${host} }\nsession: { cookie_domain: ${domain} }`
  expect(warned(yaml)).toEqual(places)
})

it.each([
  ['0.0.0.0:9091', 'http://127.0.0.1:9091', true],
  ['0.0.0.0:9091', 'http://localhost:9091', true],
  ['"[::]:9091"', 'http://[::1]:9091', true],
  ['10.0.0.5:9091', 'http://10.0.0.5:9091', true],
  ['127.0.0.1:80', 'http://localhost', true],
  ['0.0.0.0:9091', 'http://127.0.0.1:3000', false],
  ['10.0.0.5:9091', 'http://127.0.0.1:9091', false],
  ['0.0.0.0:9091', 'http://wiki.internal:9091', false],
])('weighs, listening on %s, the upstream %s', (listen, upstream, isOwn) => {
  const yaml = `${route(`upstream: "${upstream}"\n    rules: [{ require: two_factor }]`)}listen: ${listen}`
  expect(warned(yaml)).toEqual(isOwn ? ['4 routes[0].upstream'] : [])
})

it.each([
  ['[{ require: bypass }, { require: deny }]', ['4 routes[0].rules[1]']],
  ['[{ paths: [/**], require: bypass }, { require: deny }]', ['4 routes[0].rules[1]']],
  ['[{ methods: [GET], require: bypass }, { require: deny }]', []],
  ['[{ paths: [/a/**], require: bypass }, { require: deny }]', []],
  ['[{ networks: [10.0.0.0/8], require: bypass }, { require: deny }]', []],
  ['[{ patterns: ["^/a$"], require: bypass }, { require: deny }]', []],
  ['[{ query: [{ name: a, present: true }], require: bypass }, { require: deny }]', []],
  ['[{ require: bypass, mode: report }, { require: deny }]', []],
  // A rule for some users is still about everybody: the others are refused by it.
  ['[{ users: [alice], require: one_factor }, { require: deny }]', ['4 routes[0].rules[1]']],
])('weighs the order of %s', (rules, places) => {
  expect(warned(route(`rules: ${rules}`))).toEqual(places)
})

it('warns about a level that no factor reaches', () => {
  const rules = 'rules: [{ paths: [/a], require: phishing_resistant }, { require: two_factor }]'
  expect(warned(route(rules))).toEqual(['4 routes[0].rules[0].require'])
  expect(warned(`${route(rules)}factors: {}`)).toHaveLength(2)
})

it('warns about a method of proof that nobody can use', () => {
  const rules =
    'rules: [{ paths: [/a], require: two_factor, amr: [hwk] }, { require: two_factor, amr: [hwk, otp] }]'
  expect(warned(`${route(rules)}factors: { totp: {} }`)).toEqual(['4 routes[0].rules[0].amr'])
})

it.each([
  ['wiki.example.com', '', []],
  ['app.example.org', '', ['3 routes[0].host']],
  ['app.example.org', 'upstream: http://127.0.0.1:3000', []],
])('weighs the way of a sign-in to %s (%s)', (host, upstream, places) => {
  const yaml = `${LEAST}routes:\n  - host: ${host}\n    rules: [{ require: two_factor }]\n    ${upstream}\n`
  expect(warned(yaml)).toEqual(places)
})

it.each([
  ['alerts', 'http://pager.example.com/x', true],
  ['audit', 'http://10.0.0.9/x', true],
  ['alerts', 'http://127.0.0.1:9000/x', false],
  ['audit', 'https://log.example.com/x', false],
])('weighs how %s go to %s', (room, url, isOpen) => {
  const file = aConfigFile(
    `${LEAST}${room}:\n  webhook: { url: "${url}", secret: { env: HOOK } }\n`,
  )
  const HOOK = `whsec_${Buffer.alloc(32).toString('base64')}`
  const paths = loadConfig(file, { HOOK }).warnings.map(({ path }) => path)
  expect(paths).toEqual(isOpen ? [`${room}.webhook.url`] : [])
})
