import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RawAnswer, send, sendRaw } from '../support/raw.ts'
import { FURTHER, GATEWAY, UPSTREAM } from './assertions.ts'
import {
  type AttackCase,
  encodeBody,
  expand,
  expandRequest,
  loadCases,
  type Resolve,
  storyIds,
  valuesOfEach,
} from './corpus.ts'
import {
  DIALECTS,
  type Dialect,
  inDialect,
  messageInDialect,
  statusesIn,
  verifyPath,
} from './dialects.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { NOT_APPLICABLE } from './not-applicable.ts'

const CASES = loadCases()
const STORIES = new Set(storyIds())
const runsHere = ({ id }: AttackCase) => !STORIES.has(id) && !(id in NOT_APPLICABLE)
/** A case about what proxies ask runs once for each way of asking. */
const dialectsOf = ({ request }: AttackCase): readonly (Dialect | undefined)[] =>
  JSON.stringify(request).includes('{{VERIFY}}') ? DIALECTS : [undefined]
const RUNS = CASES.filter(runsHere).flatMap((attack) =>
  dialectsOf(attack).flatMap((dialect) =>
    valuesOfEach(attack).map((each) => ({
      id: attack.id,
      each,
      attack,
      dialect,
      as: dialect ?? attack.class,
    })),
  ),
)

describe('every attack', () => {
  it('runs as data, has a story, or says why it is not about this gateway', () => {
    const told = CASES.filter(({ request }) => request.kind === 'story')
    expect(told.filter(runsHere).map(({ id }) => id)).toEqual([])
  })

  it('stands in one of these places only', () => {
    const ids = new Set(CASES.map(({ id }) => id))
    const elsewhere = [...STORIES, ...Object.keys(NOT_APPLICABLE)]
    expect(elsewhere.filter((id) => !ids.has(id))).toEqual([])
    expect(Object.keys(NOT_APPLICABLE).filter((id) => STORIES.has(id))).toEqual([])
  })

  it('says what the application may see in words that are understood', () => {
    const unknown = CASES.filter(runsHere).filter(({ expected }) => !UPSTREAM[expected.upstream])
    expect(unknown.map(({ id, expected }) => [id, expected.upstream])).toEqual([])
  })
})

describe('the gateway withstands', () => {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await openFixture({ applications: [{ id: 'shop' }] })
  })
  afterAll(() => fixture.close())

  it.each(RUNS)('$id $as $each', async ({ attack, each, dialect }) => {
    // Cookies first: the sign-in that makes them is none of the requests that are counted.
    const send = await prepare(attack, { each, dialect, fixture })
    fixture.recorder.clear()
    const { answer, sent } = await send()
    const messages = fixture.recorder.messages()

    const { status } = attack.expected
    expect(dialect ? statusesIn(dialect, status, answer) : status).toContain(answer.status)
    const seen = { answer, messages, each, dialect, fixture, sent }
    await UPSTREAM[attack.expected.upstream]?.(seen)
    await GATEWAY[attack.expected.gateway]?.(seen)
    await FURTHER[attack.id]?.(seen)
  })
})

interface Circumstances {
  each: string
  dialect: Dialect | undefined
  fixture: Fixture
}

/** For the connection to be closed where it must be; elsewhere for a second answer to come. */
const quietAfter = ({ expected }: AttackCase): number =>
  expected.gateway.includes('connection closed') ? 3_000 : 60

/** Only a trusted peer may ask by forward-auth; everybody else is a browser, but for what a case says. */
const isTrusted = ({ mode, precondition }: AttackCase): boolean =>
  mode === 'forward-auth'
    ? !precondition.includes('outside trusted_proxies')
    : /\btrusted (peer|proxy hop)\b/.test(precondition)

async function prepare(
  attack: AttackCase,
  { each, dialect = 'forward-auth', fixture }: Circumstances,
): Promise<() => Promise<{ answer: RawAnswer; sent: string }>> {
  const { request } = attack
  const quietMs = quietAfter(attack)
  const port = isTrusted(attack) ? fixture.trustedPort : fixture.port
  const resolve: Resolve = async (placeholder) =>
    placeholder === 'VERIFY' ? verifyPath(dialect) : fixture.resolve(placeholder)
  if (request.kind === 'story') throw new Error('a story is told elsewhere')
  if (request.kind === 'raw') {
    const bytes = await expand(request.raw, resolve, each)
    const asked = dialect === 'auth-request' ? messageInDialect(dialect, bytes) : bytes
    return async () => ({ answer: await sendRaw(port, asked, { quietMs }), sent: asked })
  }
  const plain = await expandRequest(request.template, resolve, each)
  const { method, host, path } = plain
  const headers = inDialect(dialect, plain.headers)
  const body = encodeBody(plain)
  const content = body === undefined ? {} : { body }
  return async () => ({
    answer: await send(port, { method, host, path, headers, ...content }),
    sent: '',
  })
}
