import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { type Audience, createAssertions } from '../../src/gateway/assertion/assertions.ts'
import { assertionProfile } from '../../src/gateway/assertion/profile.ts'
import { aSession, aUser } from '../support/builders.ts'
import { portOf } from '../support/ports.ts'
import { signingKeysInMemory } from '../unit/gateway/gate.ts'

// The examples of docs/assertion.md, run as they stand there by programs that share nothing with ours.

const DOCS = readFileSync(new URL('../../docs/assertion.md', import.meta.url), 'utf8')
const exampleFor = (language: string): string =>
  new RegExp(`<!-- example: ${language} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(DOCS)?.[1] ??
  ''

const PORTAL = new URL('https://auth.example.com/')
const placeOf = (host: string): Audience => ({
  host,
  origin: `https://${host}`,
  assertion: assertionProfile({}, {}, PORTAL),
})
const WIKI = placeOf('wiki.example.com')
const alice = {
  user: aUser({ id: 'user-of-alice', displayName: 'Ålice "A" Adams', groups: ['staff', 'a,b'] }),
  session: aSession({ aal: 2, amr: ['pwd', 'otp'] }),
}

const repository = signingKeysInMemory()
const source = (clock = systemClock) => createAssertions({ repository, clock, algorithms: [] })
const yesterday = source({ now: () => systemClock.now() - 86_400 })
const assertions = source()
let server: Server
beforeAll(async () => {
  await yesterday.jwks()
  server = createServer(async (message, response) => {
    if (message.url !== '/.well-known/jwks.json') return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.end(await assertions.keysAs('jwks', WIKI))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => void server.close())

/** Reads statements, a line each, and says of each who it is about, or "refused". */
interface Verifier {
  judge(statement: string): Promise<string>
  end(): void
}

/** Only the place of the keys is another one than in the text. */
const placed = (text: string) =>
  text.replaceAll('https://wiki.example.com/.', `http://127.0.0.1:${portOf(server)}/.`)

function openVerifier(program: string, args: readonly string[]): Verifier {
  const child: ChildProcess = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting: ((line: string) => void)[] = []
  let rest = ''
  child.stdout?.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) waiting.shift()?.(line)
  })
  child.on('exit', () => {
    for (const tell of waiting.splice(0)) tell('ended')
  })
  return {
    judge: (statement) =>
      new Promise((resolve) => {
        waiting.push(resolve)
        child.stdin?.write(`${statement}\n`)
      }),
    end: () => void child.kill(),
  }
}

const NODE = `
import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  const said = await whoIs(line).then(({ sub, name, groups }) => JSON.stringify([sub, name, groups]), () => 'refused')
  process.stdout.write(said + '\\n')
}`

const PYTHON = `
import json, sys
for line in iter(sys.stdin.readline, ""):
    try:
        claims = who_is(line.rstrip("\\n"))
        said = json.dumps([claims["sub"], claims["name"], claims["groups"]], ensure_ascii=False, separators=(",", ":"))
    except jwt.PyJWTError:
        said = "refused"
    print(said, flush=True)`

const PYTHONS = ['python3', '/usr/bin/python3']
const python = PYTHONS.find(
  (name) => spawnSync(name, ['-c', 'import jwt, cryptography']).status === 0,
)

const VERIFIERS = [
  {
    name: 'Node',
    ready: true,
    open: () =>
      openVerifier(process.execPath, [
        '--input-type=module',
        '-e',
        placed(exampleFor('node')) + NODE,
      ]),
  },
  {
    name: 'Python',
    ready: python !== undefined,
    open: () =>
      openVerifier(python ?? '', ['-X', 'utf8', '-c', placed(exampleFor('python')) + PYTHON]),
  },
]

describe.for(VERIFIERS)('the example for $name', ({ ready, open }) => {
  let verifier: Verifier
  beforeAll(() => {
    if (ready) verifier = open()
  })
  afterAll(() => verifier?.end())

  it.runIf(ready)('knows who is there', async () => {
    const said = await verifier.judge(await assertions.sign(WIKI, alice))
    expect(JSON.parse(said)).toEqual(['user-of-alice', 'Ålice "A" Adams', ['staff', 'a,b']])
  })

  it.runIf(ready)('takes no statement that was meant for another application', async () => {
    const other = await assertions.sign(placeOf('blog.example.com'), alice)
    expect(await verifier.judge(other)).toBe('refused')
  })

  it.runIf(ready)('takes no statement of another gateway, and none of yesterday', async () => {
    const foreign = assertionProfile({ issuer: 'https://auth.example.net' }, {}, PORTAL)
    const elsewhere = await source().sign({ ...WIKI, assertion: foreign }, alice)
    expect(await verifier.judge(elsewhere)).toBe('refused')
    // Its key is the one that signs today.
    expect(await verifier.judge(await yesterday.sign(WIKI, alice))).toBe('refused')
  })

  it.runIf(ready)('takes no forged statement, in any disguise', async () => {
    const genuine = await assertions.sign(WIKI, alice)
    for (const forged of await forgeries(genuine)) {
      expect([forged.name, await verifier.judge(forged.statement)]).toEqual([
        forged.name,
        'refused',
      ])
    }
    expect(await verifier.judge(genuine)).not.toBe('refused')
  })
})

async function forgeries(genuine: string): Promise<{ name: string; statement: string }[]> {
  const [head = '', body = '', signature = ''] = genuine.split('.')
  const { keys } = await assertions.jwks()
  const kid = keys[0]?.kid ?? ''
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  const pair = await generateKeyPair('ES256', { extractable: true })
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const bySomebody = (header: object, payload: object = claims) =>
    new SignJWT({ ...payload })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid, ...header })
      .sign(pair.privateKey)
  const changed = encode({ ...claims, sub: 'carol' })
  const symmetric = `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${body}`
  const mac = createHmac('sha256', JSON.stringify(keys[0])).update(symmetric).digest('base64url')

  return [
    { name: 'other claims', statement: `${head}.${changed}.${signature}` },
    { name: 'no signature', statement: `${head}.${body}.` },
    { name: 'alg none', statement: `${encode({ alg: 'none', typ: 'JWT', kid })}.${body}.` },
    { name: 'HS256 with the public key', statement: `${symmetric}.${mac}` },
    { name: 'another key under our id', statement: await bySomebody({}) },
    { name: 'an unknown id', statement: await bySomebody({ kid: '../../../dev/null' }) },
    {
      name: 'a key it brings along',
      statement: await bySomebody({ jwk: await exportJWK(pair.publicKey) }),
    },
    { name: 'keys elsewhere', statement: await bySomebody({ jku: 'http://127.0.0.1:9/keys' }) },
    { name: 'no statement', statement: 'x.y.z' },
    { name: 'nothing', statement: '' },
  ]
}
