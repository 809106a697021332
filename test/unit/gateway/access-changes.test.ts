import { expect, it } from 'vitest'
import { accessChanges, hostRules } from '../../../src/gateway/access-changes.ts'
import { routeConfig } from '../../../src/gateway/config.ts'
import { aUser } from '../../support/builders.ts'

const USERS = [
  aUser({ name: 'alice', groups: ['staff'] }),
  aUser({ name: 'bob', groups: ['staff', 'admins'] }),
  aUser({ name: 'carol' }),
  aUser({ name: 'dave', groups: ['admins'], status: 'disabled' }),
]

type Rules = Record<string, readonly unknown[]>
const routesOf = (hosts: Rules) =>
  hostRules({
    routes: Object.entries(hosts).map(([host, rules]) => routeConfig.parse({ host, rules })),
    networks: { office: ['10.0.0.0/8'] },
  })
const compare = (before: Rules, after: Rules, users = USERS) =>
  accessChanges(routesOf(before), routesOf(after), users)

const TWO = [{ require: 'two_factor' }]

it('has nothing to say about what stays as it is', async () => {
  expect(await compare({ 'a.gw.test': TWO }, { 'a.gw.test': TWO })).toEqual([])
})

it('names hosts that come and go, with whom they are open to', async () => {
  expect(await compare({ 'a.gw.test': TWO }, { 'b.gw.test': [{ require: 'bypass' }] })).toEqual([
    { host: 'a.gw.test', change: 'removed', gains: [], loses: ['alice, bob, carol: /'], asked: [] },
    {
      host: 'b.gw.test',
      change: 'added',
      gains: ['anybody, alice, bob, carol: /'],
      loses: [],
      asked: [],
    },
  ])
})

it('names who gains and who loses at each place that a rule names', async () => {
  const before = [{ paths: ['/admin/**'], groups: ['admins'], require: 'two_factor' }, ...TWO]
  const after = [
    { paths: ['/admin/**'], users: ['Carol'], require: 'two_factor' },
    { paths: ['/public/**'], require: 'bypass' },
    { groups: ['staff'], require: 'two_factor' },
  ]
  const [change] = await compare({ 'a.gw.test': before }, { 'a.gw.test': after })
  expect(change).toEqual({
    host: 'a.gw.test',
    change: 'changed',
    gains: ['carol: /admin/**', 'anybody: /public/**'],
    loses: ['carol: /', 'bob: /admin/**'],
    asked: ['alice, bob, carol: /public/** (open, was two_factor)'],
  })
})

it('tells of methods and networks, and of what is asked for', async () => {
  const before = [{ methods: ['POST'], require: 'deny' }, { require: 'one_factor' }]
  const after = [
    { networks: ['office'], require: 'bypass' },
    { require: 'two_factor', max_age: '10m' },
  ]
  const [change] = await compare({ 'a.gw.test': before }, { 'a.gw.test': after })
  expect(change?.gains).toContain('alice, bob, carol: POST /')
  expect(change?.gains).toContain('anybody: / from 10.0.0.0/8')
  expect(change?.asked).toContain('alice, bob, carol: / (two_factor within 600s, was one_factor)')
})

it('says little about many people, places and rules', async () => {
  const users = Array.from({ length: 5_000 }, (_, index) => aUser({ name: `user${index}` }))
  const rules = Array.from({ length: 200 }, (_, index) => ({
    paths: [`/p${index}`],
    require: 'bypass',
  }))
  const [change] = await compare({}, { 'a.gw.test': [...rules, ...TWO] }, users)
  expect(JSON.stringify(change).length).toBeLessThan(4_000)
  expect(change?.gains[0]).toMatch(/^user0, .* and 4990 more: \/$/)
  expect(change?.gains.at(-1)).toMatch(/^and \d+ more places$/)
})
