import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Ground floor first. A room may use itself and the floors below it: never up, never sideways. */
const FLOORS = [
  ['views', 'base'],
  ['model'],
  ['web', 'store', 'channels', 'policy'],
  ['audit', 'directories', 'risk', 'session', 'factors'],
  ['alerts', 'login'],
  ['gateway', 'portal', 'api'],
  ['config'],
  ['house.ts'],
  ['app.ts'],
  ['cli'],
  ['main.ts'],
]

/** Rooms whose subfolders are kinds of one thing, and do not know each other. */
const PLURALS = ['factors', 'directories', 'channels', 'risk', 'audit/sinks', 'alerts/kinds']

/** One door per library: the places that may name it. A place is a file, or a folder with all it holds. */
const LIBRARY_DOORS: Record<string, string[]> = {
  '@hono/node-server': ['src/web', 'src/portal', 'src/api'],
  '@hono/zod-openapi': ['src/api'],
  '@simplewebauthn/server': ['src/factors/passkey'],
  // The demo draws its passwords from the same words that the policy refuses alone.
  '@zxcvbn-ts/language-common': ['src/login/password-policy.ts', 'src/cli/demo.ts'],
  'better-sqlite3': ['src/store'],
  'fastest-levenshtein': ['src/base/did-you-mean.ts'],
  // The demo application renders views of its own.
  hono: ['src/web', 'src/portal', 'src/api', 'src/cli/demo-app.ts', 'views'],
  'http-proxy': ['src/gateway/upgrade.ts'],
  jose: ['src/gateway/assertion'],
  kysely: ['src/store'],
  'mmdb-lib': ['src/risk/places.ts'],
  'libphonenumber-js': ['src/factors/code'],
  nodemailer: ['src/channels/smtp'],
  otplib: ['src/factors/totp'],
  pino: ['src/base/log.ts'],
  'redos-detector': ['src/policy/pattern.ts'],
  'prom-client': ['src/base/metrics.ts'],
  tldts: ['src/config', 'src/session/realms.ts'],
  twilio: ['src/channels/twilio'],
  uqr: ['src/factors/totp', 'src/portal', 'src/api'],
  'web-push': ['src/channels/web-push'],
  yaml: ['src/config'],
  // The schemas are the common language of configuration, forms and stored data.
  zod: ['src'],
}

/** What config/ may read besides each room's `config.ts`: a rule between two slices needs its words. */
const CONFIG_READS = ['src/session/realms.ts', 'src/gateway/policy-tests.ts']

interface Arrow {
  from: string
  /** A path of ours, or the specifier of a package. */
  to: string
}

interface SourceFile {
  path: string
  text: string
}

const EXPORT =
  /^export (?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type) (\w+)/gm

const SOURCES = [...sourcesIn('src'), ...sourcesIn('views')]
const ARROWS = SOURCES.flatMap(arrowsOf)
const OURS = ARROWS.filter(({ to }) => isOurs(to))
const THEIRS = ARROWS.filter(({ to }) => !isOurs(to) && !to.startsWith('node:'))

describe('the floors', () => {
  it('knows the floor of every file', () => {
    expect(SOURCES.filter(({ path }) => floorOf(path) < 0).map(({ path }) => path)).toEqual([])
  })

  it('draws every arrow between rooms downwards', () => {
    const wrong = OURS.filter(
      ({ from, to }) => roomOf(from) !== roomOf(to) && floorOf(to) >= floorOf(from),
    )
    expect(wrong).toEqual([])
  })

  it('lets config/ see hardly more of a room than its config.ts', () => {
    const wrong = OURS.filter(
      ({ from, to }) =>
        roomOf(from) === 'config' &&
        !['config', 'base'].includes(roomOf(to)) &&
        !to.endsWith('/config.ts') &&
        !CONFIG_READS.includes(to),
    )
    expect(wrong).toEqual([])
  })

  it('lets only the top of the house see the whole configuration', () => {
    const top = ['config', 'house.ts', 'app.ts', 'cli', 'main.ts']
    expect(
      OURS.filter(({ from, to }) => roomOf(to) === 'config' && !top.includes(roomOf(from))),
    ).toEqual([])
  })

  it('lets the three doors know no framework', () => {
    expect(THEIRS.filter(({ from, to }) => inside(from, 'src/gateway') && isFramework(to))).toEqual(
      [],
    )
  })
})

describe('the rooms', () => {
  it.each(PLURALS)('keeps the kinds in %s apart', (plural) => {
    const kind = (path: string) => kindIn(`src/${plural}`, path)
    const wrong = OURS.filter(({ from, to }) => {
      const [here, there] = [kind(from), kind(to)]
      return here !== undefined && there !== undefined && here !== there
    })
    expect(wrong).toEqual([])
  })

  it('imports no index.ts from inside its own folder', () => {
    const wrong = OURS.filter(
      ({ from, to }) => /\/index\.tsx?$/.test(to) && inside(from, dirname(to)),
    )
    expect(wrong).toEqual([])
  })

  it('reads the environment in config/ alone', () => {
    const reading = SOURCES.filter(({ text }) =>
      /\bprocess\s*\.\s*env\b|\benv\b.*'node:process'/.test(text),
    )
    expect(reading.map(({ path }) => path).filter((path) => !inside(path, 'src/config'))).toEqual(
      [],
    )
  })
})

describe('the exports', () => {
  it('are each named somewhere else than where they are made', () => {
    const files = [...SOURCES, ...sourcesIn('test')]
    const named = new Map<string, number>()
    for (const { text } of files) {
      for (const word of text.match(/\w+/g) ?? []) named.set(word, (named.get(word) ?? 0) + 1)
    }
    const idle = SOURCES.flatMap(({ path, text }) =>
      Array.from(text.matchAll(EXPORT), ([, name = '']) => ({ path, name })),
    ).filter(({ name }) => named.get(name) === 1)
    expect(idle).toEqual([])
  })
})

describe('the libraries', () => {
  it('come in by their own doors only', () => {
    const wrong = THEIRS.filter(({ from, to }) => {
      const doors = LIBRARY_DOORS[packageOf(to)] ?? []
      return !doors.some((door) => inside(from, door))
    })
    expect(wrong).toEqual([])
  })
})

function sourcesIn(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

/** Static imports, re-exports, side-effect imports and `import('…')`. */
function arrowsOf({ path, text }: SourceFile): Arrow[] {
  const code = withoutComments(text)
  const specifiers = [
    ...code.matchAll(/\bfrom\s+['"]([^'"]+)['"]/g),
    ...code.matchAll(/\bimport\s*\(?\s*['"]([^'"]+)['"]/g),
  ].map(([, specifier = '']) => specifier)
  return specifiers.map((specifier) => ({
    from: path,
    to: specifier.startsWith('.') ? join(dirname(path), specifier) : specifier,
  }))
}

/** Lines of a docstring and comment lines: an example there is no arrow. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(\*|\/\*|\/\/)/.test(line))
    .join('\n')
}

function isOurs(path: string): boolean {
  return inside(path, 'src') || inside(path, 'views') || path.startsWith('..')
}

function inside(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}

function roomOf(path: string): string {
  return path.replace(/^src\//, '').split('/')[0] ?? ''
}

function floorOf(path: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(path)))
}

/** The kind that a file belongs to: a subfolder, or a file of a room that has one file per kind. */
function kindIn(plural: string, path: string): string | undefined {
  if (!inside(path, plural)) return undefined
  const [first = '', ...rest] = path.slice(plural.length + 1).split('/')
  if (rest.length > 0) return first
  const onePerFile = ['src/audit/sinks', 'src/risk'].includes(plural)
  const shared = ['index.ts', 'contract.ts', 'config.ts', 'errors.ts'].includes(first)
  return onePerFile && !shared ? first : undefined
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function isFramework(specifier: string): boolean {
  return ['hono', '@hono/node-server'].includes(packageOf(specifier))
}
