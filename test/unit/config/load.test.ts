import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/base/errors.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { ConfigFaults } from '../../../src/config/remark.ts'
import { A_KEY, aConfigFile, aFolder, faultsIn, LEAST, load, placesOf } from './files.ts'

describe('a file without faults', () => {
  it('is filled up with defaults, durations as seconds', () => {
    const { config, warnings } = load(LEAST)
    expect(config.portal.url.href).toBe('https://auth.example.com/')
    expect(config.listen.map(({ address }) => address)).toEqual([{ host: '0.0.0.0', port: 9091 }])
    expect(config.session.idle).toBe(1800)
    expect(config.factors).toEqual({ totp: {} })
    expect(config.routes).toEqual([])
    expect(warnings).toEqual([])
  })

  it('switches a factor off where the section is there without it', () => {
    expect(load(`${LEAST}factors: {}`).config.factors).toEqual({})
  })

  it('cannot be changed afterwards, at any depth', () => {
    const { config } = load(`${LEAST}routes: [{ host: a.example.com, rules: [{ require: deny }] }]`)
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.routes[0]?.rules[0])).toBe(true)
    expect(Object.isFrozen(config.routes[0]?.headers)).toBe(true)
  })

  it('has paths that start at its folder', () => {
    const file = aConfigFile(
      'portal: { url: https://auth.example.com, logo: logo.svg, stylesheet: /etc/brand.css }\nstore: { path: data/gatehouse.db }\n',
    )
    const { config } = loadConfig(file, {})
    expect(config.store.path).toBe(join(dirname(file), 'data/gatehouse.db'))
    expect(config.portal.logo).toBe(join(dirname(file), 'logo.svg'))
    expect(config.portal.stylesheet).toBe('/etc/brand.css')
  })

  it('may use anchors', () => {
    const { config } = load(`${LEAST}session: { idle: &short 5m, absolute: *short }`)
    expect(config.session.absolute).toBe(300)
  })

  it('may stem from Windows', () => {
    const yaml = `\uFEFF${LEAST}session:\r\n  idle: 5m\r\n`
    expect(load(yaml).config.session.idle).toBe(300)
  })
})

const FULL_OF_FAULTS = `portal:
  url: nonsense
  nmae: Example
listen: 9091
session:
  idle: 30
  absolute: half a day
  per_user: many
login:
  remember_me: yes please
  password: { passes: 100 }
factors:
  totp:
routes:
  - host: wiki.example.com
    upsteam: http://127.0.0.1:3000
    rules: [{ require: twofactor }]
  - host: wiki.example.com
    upstream:
    rules:
      - require: bypass
        groups: [admins]
        paths: [admin]
  - upstream: http://127.0.0.1:3000/wiki
    rules: []
log: loud
`

describe('a file with faults', () => {
  it('has every fault reported at once, each with its line and path', () => {
    expect(placesOf(faultsIn(FULL_OF_FAULTS))).toEqual([
      '2 portal.url',
      '3 portal.nmae',
      '4 listen',
      '6 session.idle',
      '7 session.absolute',
      '8 session.per_user',
      '10 login.remember_me',
      '11 login.password.passes',
      '13 factors.totp',
      '16 routes[0].upsteam',
      '17 routes[0].rules[0].require',
      '18 routes[1].host',
      '19 routes[1].upstream',
      '22 routes[1].rules[0].groups',
      '23 routes[1].rules[0].paths[0]',
      '24 routes[2].upstream',
      '24 routes[2].host',
      '25 routes[2].rules',
      '26 log',
    ])
  })

  it('has them in one message, one a line', () => {
    const file = aConfigFile('portal: { url: 5 }\nlog: { level: loud }\n')
    expect(() => loadConfig(file, {})).toThrow(ConfigFaults)
    expect(() => loadConfig(file, {})).toThrow(OperatorError)
    const lines = [`${file}:1:11 portal.url: `, `${file}:2:8 log.level: `]
    expect(() => loadConfig(file, {})).toThrow(
      new RegExp(lines.join('.+\\n').replaceAll('/', '\\/')),
    )
  })

  it('is told which key was meant', () => {
    const [fault] = faultsIn(`${LEAST}sesion: { idle: 5m }`)
    expect(fault?.message).toContain('did you mean "session"?')
  })

  it('is told which keys there are where none is near', () => {
    const [fault] = faultsIn(`${LEAST}log: { destination: /var/log }`)
    expect(fault?.message).toContain('level')
  })

  it.each([
    ['a length of time', 'session: { idle: 30 }', 'session.idle', '30s, 5m'],
    ['a length of time that is none', 'session: { idle: 0m }', 'session.idle', '30s, 5m'],
    ['an address to listen at', 'listen: nowhere', 'listen', '0.0.0.0:9091'],
    ['a network', 'trusted_proxies: [proxy]', 'trusted_proxies[0]', '10.0.0.0/8'],
    ['a network', 'trusted_proxies: ["::/0"]', 'trusted_proxies[0]', 'everybody'],
    [
      'a host name',
      'session: { cookie_domain: .Example.com }',
      'session.cookie_domain',
      'lower case',
    ],
    ['a choice', 'log: { level: loud }', 'log.level', 'debug, info, warn, error'],
    ['a range', 'session: { per_user: 0 }', 'session.per_user', 'at least 1'],
    ['a list', 'trusted_proxies: 10.0.0.2', 'trusted_proxies', 'a list'],
    ['text', 'portal: { url: https://auth.example.com, name: 5 }', 'portal.name', 'expected text'],
    [
      'an empty text',
      'portal: { url: https://auth.example.com, name: "" }',
      'portal.name',
      'empty',
    ],
    ['a whole number', 'session: { per_user: 1.5 }', 'session.per_user', 'whole number'],
  ])('is told what is expected: %s', (_, yaml, path, hint) => {
    const faults = faultsIn(yaml.startsWith('portal') ? yaml : `${LEAST}${yaml}`)
    expect(faults.map((fault) => fault.path)).toEqual([path])
    expect(faults[0]?.message).toContain(hint)
  })

  it('is told about a section that is missing, with an example', () => {
    const [fault, ...more] = faultsIn('log: { level: info }')
    expect(fault?.path).toBe('portal')
    expect(fault?.message).toContain('url: https://auth.example.com')
    expect(more).toEqual([])
  })

  it.each([
    ['rules', 'routes:\n  - host: a.example.com\n', '[{ require: two_factor }]'],
    [
      'rules[0].require',
      'routes:\n  - { host: a.example.com, rules: [{ paths: [/] }] }\n',
      'one_factor',
    ],
  ])('is told what may stand where routes[0].%s is missing', (path, yaml, hint) => {
    const [fault, ...more] = faultsIn(LEAST + yaml)
    expect(fault?.path).toBe(`routes[0].${path}`)
    expect(fault?.message).toContain(hint)
    expect(more).toEqual([])
  })

  it.each(['__proto__', 'constructor', 'toString'])('has %s reported as an unknown key', (key) => {
    expect(faultsIn(`${LEAST}${key}: { idle: 5m }`).map(({ path }) => path)).toEqual([key])
  })
})

it('is told when the doors and the health are to listen at one address', () => {
  const yaml = (doors: string) => `${LEAST}listen: ${doors}\nhealth: { listen: 127.0.0.1:9092 }\n`
  expect(placesOf(faultsIn(`${yaml('127.0.0.1:9092')}lgo: {}`))).toEqual([
    '3 health.listen',
    '4 lgo',
  ])
  expect(placesOf(faultsIn(yaml('0.0.0.0:9092')))).toEqual(['3 health.listen'])
  expect(faultsIn(yaml('127.0.0.2:9092'))).toEqual([])
})

describe('a route', () => {
  const route = (host: string, level: string, rest = '') =>
    `routes: [{ host: ${host}, rules: [{ require: ${level} }] }]\n${rest}`

  it('may lie in any domain: one sign-in serves them all', () => {
    expect(faultsIn(`${LEAST}${route('wiki.other.org', 'one_factor')}`)).toEqual([])
    expect(faultsIn(`${LEAST}${route('wiki.example.com', 'one_factor')}`)).toEqual([])
  })

  it('is looked at beside others that are broken, and beside any other fault', () => {
    const yaml = `routes:
  - host: auth.example.com
    rules: [{ require: two_factor }]
  - host: wiki.example.com
  - host: wiki.third.org
    rules: [{ require: two_facter }]
store: { key: short }
`
    expect(placesOf(faultsIn(`${LEAST}${yaml}`))).toEqual([
      '3 routes[0].host',
      '5 routes[1].rules',
      '7 routes[2].rules[0].require',
      '8 store.key',
    ])
  })

  it('does not excuse a cookie domain beside the portal', () => {
    const yaml = route('wiki.other.org', 'two_factor', 'session: { cookie_domain: other.org }')
    expect(placesOf(faultsIn(`${LEAST}${yaml}`))).toEqual(['3 session.cookie_domain'])
  })

  it('cannot take the host that the portal has for itself', () => {
    expect(placesOf(faultsIn(`${LEAST}${route('auth.example.com', 'bypass')}`))).toEqual([
      '2 routes[0].host',
    ])
    const shared = 'portal: { url: https://example.com/.gatehouse/ }\n'
    expect(faultsIn(`${shared}${route('example.com', 'two_factor')}`)).toEqual([])
  })

  it('is looked at beside faults elsewhere', () => {
    const yaml = `${LEAST}${route('auth.example.com', 'one_factor', 'log: { level: loud }')}`
    expect(placesOf(faultsIn(yaml))).toEqual(['2 routes[0].host', '3 log.level'])
  })
})

describe('a file that cannot be read', () => {
  it.each([
    ['an empty file', ''],
    ['a file of comments', '# portal:\n'],
    ['a list', '- portal\n'],
    ['a sentence', 'portal\n'],
  ])('%s is one fault', (_, yaml) => {
    expect(faultsIn(yaml)).toHaveLength(1)
  })

  it('is told to the operator when it is not there, or a folder', () => {
    const folder = aFolder()
    expect(() => loadConfig(join(folder, 'config.yaml'), {})).toThrow(OperatorError)
    expect(() => loadConfig(folder, {})).toThrow(OperatorError)
  })

  it('is told to the operator when it may not be read', () => {
    const file = aConfigFile(LEAST)
    chmodSync(file, 0o000)
    // The superuser may read everything.
    if (process.getuid?.() === 0) expect(() => loadConfig(file, {})).not.toThrow()
    else expect(() => loadConfig(file, {})).toThrow(OperatorError)
  })

  it('is told to the operator when it is no text', () => {
    const file = aConfigFile(new Uint8Array([0xff, 0xfe, 0x00]))
    expect(() => loadConfig(file, {})).toThrow(OperatorError)
  })
})

describe('broken YAML', () => {
  it.each([
    ['a tab', 'portal:\n\turl: https://auth.example.com\n', 2],
    ['a bracket that stays open', `${LEAST}trusted_proxies: [10.0.0.2\n`, 3],
    ['a quote that stays open', 'portal:\n  url: "https://auth.example.com\n', 3],
    ['two colons on one line', 'portal: url: https://auth.example.com\n', 1],
    ['wrong indentation', 'portal:\n  url: https://auth.example.com\n   name: x\n', 2],
    ['a tag', `${LEAST}log: !secret x\n`, 2],
    ['an alias without an anchor', `${LEAST}session: { idle: *short }\n`, 2],
    ['a second document', `${LEAST}---\n${LEAST}`, 2],
    ['a key that is no text', `${LEAST}? [a]\n: b\n`, 2],
  ])('%s has its line', (_, yaml, line) => {
    const faults = faultsIn(yaml)
    expect(faults[0]?.at).toMatch(new RegExp(`^config\\.yaml:${line}:\\d+$`))
  })

  it.each([
    ['is indented too little', 'routes:\n  - host: a.example.com\n   upstream: x\n', 3],
    ['is indented too much', 'routes:\n  - host: a.example.com\n     upstream: x\n', 2],
    ['is indented with a tab', 'routes:\n  - host: a.example.com\n\tupstream: x\n', 3],
    ['has no space behind its colon', `${LEAST}session:\n  idle:5m\n  absolute: 9h\n`, 3],
  ])('is one fault where a line %s', (_, yaml, line) => {
    const faults = faultsIn(yaml)
    expect(placesOf(faults)).toEqual([String(line)])
  })

  it.each([
    'routes:\n  - host: a.example.com\n   upstream: x\n',
    'routes:\n  - host: a.example.com\n     upstream: x\n',
  ])('is called an indentation where it is one', (yaml) => {
    expect(faultsIn(yaml)[0]?.message).toMatch(/indent/)
  })

  it('names a key that stands twice, and goes on', () => {
    const faults = faultsIn(`${LEAST}log: { level: info }\nlog: { level: loud }\n`)
    expect(placesOf(faults)).toEqual(['3', '3 log.level'])
    expect(faults[0]?.message).toContain('"log"')
  })

  it('is refused when its aliases multiply', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inner = level === 0 ? 'x' : `*a${level - 1}`
      return `a${level}: &a${level} [${Array(9).fill(inner).join(', ')}]`
    })
    expect(faultsIn(levels.join('\n'))).toHaveLength(1)
  })
})

describe('a secret', () => {
  const withKey = (key: string) => `${LEAST}store: { key: ${key} }\n`

  it('comes from a file beside the configuration, without white space around it', () => {
    const file = aConfigFile(withKey('{ file: secrets/key }'))
    mkdirSync(join(dirname(file), 'secrets'))
    writeFileSync(join(dirname(file), 'secrets/key'), `${A_KEY}\n`, { mode: 0o600 })
    const { config, warnings } = loadConfig(file, {})
    expect(config.store.key).toBe(A_KEY)
    expect(warnings).toEqual([])
  })

  it('comes from a variable of any name', () => {
    const { config } = load(withKey('{ env: GATEHOUSE_SEAL }'), { GATEHOUSE_SEAL: A_KEY })
    expect(config.store.key).toBe(A_KEY)
  })

  it.each([
    ['a file that does not exist', '{ file: /nowhere/key }'],
    ['a file that is a folder', '{ file: / }'],
    ['a file that is empty', '{ file: /dev/null }'],
    ['a variable that is not set', '{ env: SEAL }'],
    ['an unknown source', '{ vault: key }'],
    ['two sources', '{ file: /key, env: SEAL }'],
    ['no value', ''],
    ['a number', '12345'],
    ['a list', '[hunter2]'],
  ])('is one fault when it is %s', (_, key) => {
    expect(placesOf(faultsIn(withKey(key)))).toEqual(['2 store.key'])
  })

  it('is one fault when its file may not be read', () => {
    const key = join(aFolder(), 'key')
    writeFileSync(key, A_KEY, { mode: 0o000 })
    // The superuser may read everything.
    const expected = process.getuid?.() === 0 ? [] : ['2 store.key']
    expect(placesOf(faultsIn(withKey(`{ file: ${key} }`)))).toEqual(expected)
  })

  it.each([
    'portal: { url: 5 }\nstore: { key: hunter2 }\n',
    'portal: { url: 5 }\nstore: { key: [hunter2] }\n',
    'portal: { url: 5 }\nstore: { key: { file: x, hunter2: y } }\n',
    'portal: { url: 5 }\nstore: { key: *hunter2 }\n',
    'portal: { url: 5 }\nstore: { key: "hunter2 }\n',
    'portal: { url: 5 }\nstore: { key: !hunter2 x }\n',
    'portal: { url: 5 }\nstore:\n  key: hunter2: hunter2\n',
    'portal: { url: 5 }\nstore:\n  key: @hunter2\n',
    'portal: { url: 5 }\nstore:\n  key: hunter2\n  key: hunter2\n',
  ])('is never quoted in a fault: %j', (yaml) => {
    const faults = faultsIn(yaml)
    expect(faults).not.toEqual([])
    expect(JSON.stringify(faults)).not.toContain('hunter2')
  })
})

describe('hosts and networks', () => {
  const route = (rest: string, top = '') =>
    `${LEAST}${top}routes:\n  - { ${rest}, rules: [{ require: two_factor, networks: [office, 10.0.0.1] }] }`
  const office = 'networks: { office: [192.0.2.0/24] }\n'

  it.each([
    ['host: "*.apps.example.com"', office, []],
    ['host: a.example.com, hosts: [b.example.com, "*.b.example.com"]', office, []],
    ['hosts: [b.example.com]', office, []],
    ['name: Wiki', office, ['4 routes[0].host']],
    ['hosts: []', office, ['4 routes[0].hosts']],
    ['host: a.example.com, hosts: [a.example.com]', office, ['4 routes[0].hosts[0]']],
    ['host: "*"', office, ['4 routes[0].host']],
    ['host: "*.com"', office, ['4 routes[0].host']],
    ['host: "a*.example.com"', office, ['4 routes[0].host']],
    ['host: "a.*.example.com"', office, ['4 routes[0].host']],
    ['host: "*.*.example.com"', office, ['4 routes[0].host']],
    ['hosts: [a.example.com, "*.other.example"], upstream: http://127.0.0.1:1', office, []],
    ['hosts: [auth.example.com]', office, ['4 routes[0].hosts[0]']],
    ['host: a.example.com', '', ['3 routes[0].rules[0].networks[0]']],
    [
      'host: a.example.com',
      'networks: { offise: [10.0.0.1] }\n',
      ['4 routes[0].rules[0].networks[0]'],
    ],
    ['host: a.example.com', 'networks: { office: [10.0.0.1/99] }\n', ['2 networks.office[0]']],
    [
      'host: a.example.com',
      'networks: { office: [10.0.0.1], Home: [10.0.0.2] }\n',
      ['2 networks.Home'],
    ],
  ])('weighs %s with %j', (rest, top, places) => {
    const yaml = route(rest, top)
    expect(places.length === 0 ? load(yaml).warnings : placesOf(faultsIn(yaml))).toEqual(places)
  })

  it('reach the portal only where nobody else could', () => {
    const wild = `${LEAST}routes: [{ host: "*.example.com", rules: [{ require: two_factor }] }]`
    expect(load(wild).warnings).toEqual([])
  })
})

it.each([
  ['query: [{ name: a }]', 'query[0]'],
  ['query: [{ name: a, present: false, is: [b] }]', 'query[0]'],
  ['query: [{ is: [b] }]', 'query[0].name'],
  ['query: [{ name: a, is: b }]', 'query[0].is'],
  ['patterns: ["^/(a+)+$"]', 'patterns[0]'],
  ['patterns: ["/users/.*"]', 'patterns[0]'],
  ['mode: dry', 'mode'],
  ['amr: [OTP]', 'amr[0]'],
])('refuses a rule with %s', (condition, place) => {
  const yaml = `${LEAST}routes: [{ host: a.example.com, rules: [{ require: one_factor, ${condition} }] }]`
  expect(placesOf(faultsIn(yaml))).toEqual([`2 routes[0].rules[0].${place}`])
})

describe('the header of a signed statement', () => {
  it.each([
    ['assertion: { header: X-Who }', '', []],
    ['assertion: { header: X-Who }', 'headers: { user: X-Who }', ['2 assertion.header']],
    ['', 'headers: { user: X_Who }, assertion: { header: X-Who }', ['3 routes[0].headers.user']],
    [
      '',
      'headers: { user: x-who }, assertion: { header: X-Who }',
      ['3 routes[0].assertion.header'],
    ],
    ['', 'assertion: { header: Remote-Groups }', ['3 routes[0].assertion.header']],
  ])('carries nothing else: %s / %s', (top, rest, places) => {
    const line = top === '' ? '' : `${top}\n`
    const more = rest === '' ? '' : `, ${rest}`
    const yaml = `${LEAST}${line}routes:\n  - { host: wiki.example.com, rules: [{ require: two_factor }]${more} }`
    expect(placesOf(faultsIn(yaml))).toEqual(places)
  })
})
