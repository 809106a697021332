import { describe, expect, it } from 'vitest'
import type { RiskLevel } from '../../../src/model/risk.ts'
import { ruleConfig } from '../../../src/policy/config.ts'
import { compilePolicy, decide, reportsOn, satisfies } from '../../../src/policy/decide.ts'
import { aSession, aUser, NOON } from '../../support/builders.ts'

const policyOf = (...rules: unknown[]) => compilePolicy(rules.map((rule) => ruleConfig.parse(rule)))
const asked = (given: object = {}) => ({
  method: 'GET',
  path: '/',
  query: '',
  address: '192.0.2.7',
  ...given,
})
interface Given {
  aal?: 1 | 2
  authenticatedAt?: number
  name?: string
  groups?: string[]
}
const somebody = ({
  aal = 1,
  authenticatedAt = NOON,
  name = 'alice',
  groups = [],
}: Given = {}) => ({
  session: aSession({ aal, authenticatedAt }),
  user: aUser({ name, groups }),
})

describe('the first rule that is about a request', () => {
  const policy = policyOf(
    { name: 'assets', paths: ['/assets/**'], require: 'bypass' },
    { name: 'closed', paths: ['/internal/**'], require: 'deny' },
    { name: 'inside', networks: ['10.0.0.0/8', '2001:db8::/32'], require: 'bypass' },
    {
      name: 'staff',
      paths: ['/staff/**'],
      groups: ['staff'],
      users: ['Zoë'],
      require: 'one_factor',
    },
    { name: 'read', methods: ['GET'], require: 'one_factor' },
    { name: 'write', methods: ['POST', 'PUT'], require: 'two_factor', max_age: '10m' },
  )

  it.each([
    ['anybody opens what is open', { path: '/assets/a.css' }, undefined, 'allow assets'],
    ['nobody opens what is closed', { path: '/internal/x' }, somebody({ aal: 2 }), 'deny closed'],
    [
      'a network is enough where it is asked for',
      { address: '10.1.2.3' },
      undefined,
      'allow inside',
    ],
    ['also in IPv6', { address: '2001:db8::1' }, undefined, 'allow inside'],
    ['an address that is none is in no network', { address: '' }, undefined, 'authenticate read'],
    ['a stranger is asked to sign in', { path: '/staff/x' }, undefined, 'authenticate staff'],
    [
      'whoever is not admitted is denied, and falls through to no wider rule',
      { path: '/staff/x' },
      somebody({ groups: ['guests'] }),
      'deny staff',
    ],
    ['a member is let in', { path: '/staff/x' }, somebody({ groups: ['staff'] }), 'allow staff'],
    ['a user is known in any case', { path: '/staff/x' }, somebody({ name: 'ZOË' }), 'allow staff'],
    ['HEAD is read like GET', { method: 'HEAD' }, somebody(), 'allow read'],
    ['one factor is less than two', { method: 'POST' }, somebody(), 'authenticate write'],
    ['two are two', { method: 'POST' }, somebody({ aal: 2 }), 'allow write'],
    [
      'an old proof is no proof',
      { method: 'PUT' },
      somebody({ aal: 2, authenticatedAt: NOON - 601 }),
      'authenticate write',
    ],
    ['what no rule is about stays closed', { method: 'DELETE' }, somebody({ aal: 2 }), 'deny none'],
  ] as const)('decides: %s', (_, request, signedIn, expected) => {
    const { kind, rule } = decide(policy, asked(request), signedIn, NOON)
    expect(`${kind} ${rule}`).toBe(expected)
  })

  it('closes everything when there is no rule', () => {
    expect(decide(policyOf(), asked(), somebody({ aal: 2 }), NOON)).toMatchObject({
      kind: 'deny',
      reason: 'no_rule_matched',
    })
  })

  it('counts from one where it has no name', () => {
    const two = policyOf({ methods: ['GET'], require: 'deny' }, { require: 'bypass' })
    expect(decide(two, asked({ method: 'POST' }), undefined, NOON).rule).toBe('rule 2')
  })
})

it.each([
  [1, false, 0, { aal: 1, phishingResistant: false }, true],
  [1, true, 0, { aal: 2, phishingResistant: false }, false],
  [2, false, 0, { aal: 2, phishingResistant: false }, true],
  [2, false, 0, { aal: 2, phishingResistant: true }, false],
  [2, true, 0, { aal: 2, phishingResistant: true }, true],
  [2, true, 60, { aal: 2, phishingResistant: true, maxAgeSeconds: 60 }, true],
  [2, true, 61, { aal: 2, phishingResistant: true, maxAgeSeconds: 60 }, false],
] as const)(
  'a proof of level %i (resistant: %s, %i s old) for %j: %s',
  (aal, phishingResistant, age, requirement, expected) => {
    const proof = { aal, phishingResistant, amr: ['pwd'], authenticatedAt: NOON - age }
    expect(satisfies(proof, requirement, NOON)).toBe(expected)
  },
)

it.each([
  [['otp'], true],
  [['hwk', 'otp'], true],
  [['hwk'], false],
] as const)('asks for one of the methods %j: %s', (methods, expected) => {
  const proof = aSession({ aal: 2, amr: ['pwd', 'otp', 'mfa'] })
  expect(satisfies(proof, { aal: 2, phishingResistant: false, methods }, NOON)).toBe(expected)
  const policy = policyOf({ require: 'two_factor', amr: [...methods] })
  const decision = decide(policy, asked(), { session: proof, user: aUser() }, NOON)
  expect(decision.kind).toBe(expected ? 'allow' : 'authenticate')
})

it('knows whether any rule looks at the path', () => {
  expect(policyOf({ require: 'bypass' }).readsPaths).toBe(false)
  expect(policyOf({ paths: ['/a'], require: 'deny' }, { require: 'bypass' }).readsPaths).toBe(true)
})

describe('a rule that only reports', () => {
  const policy = policyOf(
    { name: 'trial', paths: ['/Admin'], groups: ['staff'], require: 'one_factor', mode: 'report' },
    { name: 'rest', paths: ['/**'], require: 'one_factor' },
    { name: 'late', require: 'deny', mode: 'report' },
  )
  const at = (path: string, signedIn?: ReturnType<typeof somebody>) => {
    const request = asked({ path })
    const decision = decide(policy, request, signedIn, NOON)
    return { decision, reports: reportsOn(policy, request, decision, NOON) }
  }

  it('decides nothing', () => {
    expect(at('/Admin', somebody()).decision).toMatchObject({ kind: 'allow', rule: 'rest' })
  })

  it.each([
    ['/Admin', undefined, [{ rule: 'trial', would: 'authenticate' }]],
    ['/Admin', somebody(), [{ rule: 'trial', would: 'deny', reason: 'not_a_member' }]],
    ['/Admin', somebody({ groups: ['staff'] }), [{ rule: 'trial', would: 'allow' }]],
    ['/other', somebody(), []],
  ] as const)('says of %s what it would have decided', (path, signedIn, expected) => {
    expect(at(path, signedIn).reports).toEqual(expected)
  })

  it('changes nothing about which paths are looked at', () => {
    const trial = { paths: ['/Admin'], require: 'deny', mode: 'report' }
    const other = policyOf(trial, { require: 'bypass' })
    expect([other.readsPaths, other.tellsCase]).toEqual([false, false])
  })
})

it('closes where it depends on the reader of a query whether a rule is about the request', () => {
  const policy = policyOf(
    { name: 'raw', methods: ['GET'], query: [{ name: 'raw', present: true }], require: 'bypass' },
    { name: 'rest', require: 'one_factor' },
  )
  const said = (query: string, method = 'GET') => {
    const decision = decide(policy, asked({ query, method }), somebody(), NOON)
    return `${decision.rule} ${decision.kind === 'deny' ? decision.reason : decision.kind}`
  }
  expect(said('raw')).toBe('raw allow')
  expect(said('x=1')).toBe('rest allow')
  expect(said('RAW')).toBe('raw ambiguous_query')
  expect(said('RAW', 'POST')).toBe('rest allow')
})

it('knows networks by their names, and by no name of the language', () => {
  const named = { office: ['10.0.0.0/8'] }
  const rule = ruleConfig.parse({ networks: ['office', '192.0.2.9'], require: 'bypass' })
  const policy = compilePolicy([rule], named)
  const kindAt = (address: string) => decide(policy, asked({ address }), undefined, NOON).kind
  expect([kindAt('10.9.9.9'), kindAt('192.0.2.9'), kindAt('192.0.2.8')]).toEqual([
    'allow',
    'allow',
    'deny',
  ])
  const odd = ruleConfig.parse({ networks: ['constructor'], require: 'bypass' })
  expect(() => compilePolicy([odd], named)).toThrow(TypeError)
})

describe('a rule that asks for more where a sign-in was unusual', () => {
  const at_risk = { medium: 'two_factor', high: 'deny' }
  const policy = policyOf({ groups: ['staff'], require: 'one_factor', at_risk })
  const one = policyOf({ require: 'one_factor', max_age: '10m', at_risk: { medium: 'two_factor' } })
  const at = (level: RiskLevel | undefined, aal: 1 | 2, groups = ['staff']) => {
    const { user, session } = somebody({ aal, groups })
    const risk = level && { score: 50, level, reasons: [] }
    return { user, session: { ...session, ...(risk ? { risk } : {}) } }
  }

  it.each([
    ['what was not weighed', at(undefined, 1), 'allow'],
    ['low', at('low', 1), 'allow'],
    ['medium, with one factor', at('medium', 1), 'authenticate'],
    ['medium, with two', at('medium', 2), 'allow'],
    ['high', at('high', 2), 'deny'],
    ['low, of somebody whom it does not let in', at('low', 2, []), 'deny'],
  ])('decides about %s', (_, signedIn, kind) => {
    expect(decide(policy, asked(), signedIn, NOON)).toMatchObject({ kind })
  })

  it('asks at high risk what it asks at medium, and all else as before', () => {
    expect(decide(one, asked(), at('high', 1), NOON)).toMatchObject({
      kind: 'authenticate',
      requirement: { aal: 2, maxAgeSeconds: 600 },
    })
  })

  it.each([
    [{ require: 'two_factor', at_risk: { high: 'one_factor' } }, 'at_risk.high'],
    [{ require: 'one_factor', at_risk: { medium: 'deny', high: 'two_factor' } }, 'at_risk.high'],
    [{ require: 'bypass', at_risk: { high: 'deny' } }, 'at_risk'],
    [{ require: 'two_factor', at_risk: { high: 'bypass' } }, 'at_risk.high'],
  ])('can never ask for less: %j', (rule, place) => {
    const { error } = ruleConfig.safeParse(rule)
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([place])
  })
})
