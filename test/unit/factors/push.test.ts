import { beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/base/bytes.ts'
import type { Factor } from '../../../src/factors/contract.ts'
import { pushConfig } from '../../../src/factors/push/config.ts'
import { createPush } from '../../../src/factors/push/index.ts'
import type { Challenge } from '../../../src/model/challenge.ts'
import type { Credential } from '../../../src/model/factor.ts'
import type { Delivery } from '../../../src/model/message.ts'
import { bench, FROM_WORK, notificationsTo } from '../../support/asked.ts'
import { aUser } from '../../support/builders.ts'
import { stillClock } from '../../support/still-clock.ts'

const PHONE =
  'Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36'
const home = new URL('https://auth.gw.test/')
const user = aUser()
const digest = (text: string) => sha256(text).toString('base64url')
const subscription = JSON.stringify({ endpoint: 'https://push.example.com/1', keys: {} })

let clock = stillClock()
let outcome: Delivery | Error = { ok: true }
let { channels, sent } = notificationsTo()
let push: Factor
let at: ReturnType<typeof bench>
beforeEach(() => {
  clock = stillClock()
  outcome = { ok: true }
  ;({ channels, sent } = notificationsTo(() => {
    if (outcome instanceof Error) throw outcome
    return outcome
  }))
  push = createPush({ config: pushConfig.parse({}), channels, clock, home, name: 'Gatehouse' })
  at = bench(push, user, clock)
})

const joinWith = (more: object = {}) =>
  JSON.stringify({ handle: digest('kept by the phone'), user_agent: PHONE, ...more })

async function joined(more: object = {}): Promise<Credential> {
  const credential = await at.enrolled()
  const change = await push.remote?.join?.(credential, joinWith(more))
  if (!change) throw new Error('not joined')
  return { ...credential, ...change }
}

async function bound(more: object = {}): Promise<Credential> {
  const credential = await joined(more)
  const { number = '' } = push.remote?.device(credential) ?? {}
  const verdict = await push.verify({ credential }, number)
  if (!verdict.ok) throw new Error(verdict.reason)
  return { ...credential, data: verdict.data, label: verdict.label ?? '', state: 'active' }
}

const numberOf = (credential: Credential, challenge: Challenge): string => {
  const prompt = push.prompt({ credential, challenge })
  return prompt.ask === 'approval' ? prompt.number : ''
}

describe('an approver that is being enrolled', () => {
  it('is a link that is good for one browser and ten minutes', async () => {
    const credential = await at.enrolled()
    const offer = push.offer({ credential }, user)
    const [, invitation = ''] =
      /^https:\/\/auth\.gw\.test\/approver\/([\w-]{43})$/.exec('url' in offer ? offer.url : '') ??
      []
    expect(offer).toMatchObject({ show: 'link', joined: false })
    expect(credential.handle).toBe(digest(invitation))
    expect(await push.verify({ credential }, '')).toEqual({ ok: false, reason: 'pending' })
    clock.advance(600)
    expect(await push.remote?.join?.(credential, joinWith())).toBeUndefined()
    expect(await push.verify({ credential }, '42')).toEqual({ ok: false, reason: 'expired' })
  })

  it('shows a number, and counts once that number is typed where it was begun', async () => {
    const credential = await joined()
    expect(push.offer({ credential }, user)).toMatchObject({ show: 'link', joined: true })
    const { number = '' } = push.remote?.device(credential) ?? {}
    expect(number).toMatch(/^[1-9]\d$/)
    const wrong = number === '42' ? '43' : '42'
    expect(await push.verify({ credential }, wrong)).toEqual({ ok: false, reason: 'wrong' })
    expect(await push.verify({ credential }, ` ${number} `)).toMatchObject({
      ok: true,
      label: 'Chrome on Android',
      worth: { amr: ['mca'] },
    })
    clock.advance(600)
    expect(await push.verify({ credential }, number)).toEqual({ ok: false, reason: 'expired' })
  })

  it('takes no second browser', async () => {
    const credential = await joined()
    expect(await push.remote?.join?.(credential, joinWith())).toBeUndefined()
    const active = await bound()
    expect(await push.remote?.join?.(active, joinWith())).toBeUndefined()
  })

  it.each(['', 'null', '{}', '[]', '{"handle":"x"}', `{"handle":"${'x'.repeat(20_000)}"}`])(
    'does not join with %s',
    async (answer) => {
      expect(await push.remote?.join?.(await at.enrolled(), answer)).toBeUndefined()
    },
  )

  it('is told by a notification that they arrive', async () => {
    const credential = await joined({ subscription })
    expect(sent).toMatchObject([{ to: subscription }])
    expect(push.remote?.device(credential).notified).toBe(digest('https://push.example.com/1'))
  })

  it.each<[string, Delivery]>([['refuses', { ok: false, refused: 'gone' }]])(
    'goes without notifications when the service %s',
    async (_, answer) => {
      outcome = answer
      const credential = await bound({ subscription })
      expect(push.remote?.device(credential).notified).toBeUndefined()
      expect(push.facts(credential)).toContain('without notifications')
    },
  )

  it('keeps the address when the service is down at the moment', async () => {
    outcome = new Error('down')
    expect(push.facts(await bound({ subscription }))).toContain('with notifications')
  })

  it.each(['x', '{"endpoint":"javascript:alert(1)"}', '{"endpoint":7}', '{}'])(
    'goes without notifications to %s',
    async (given) => {
      expect(push.facts(await bound({ subscription: given }))).toContain('without notifications')
      expect(sent).toEqual([])
    },
  )
})

describe('a question', () => {
  it('shows one number here, and three there without a word which', async () => {
    const credential = await bound()
    const { challenge, start } = await at.ask(credential)
    expect(start).toMatchObject({ lifetimeSeconds: 60, onePerUser: true })
    expect(start.budgets?.length).toBeGreaterThan(0)
    const number = numberOf(credential, challenge)
    const question = push.remote?.question({ credential, challenge })
    expect(question?.numbers).toHaveLength(3)
    expect(new Set(question?.numbers).size).toBe(3)
    expect(question?.numbers).toContain(number)
    expect(question?.toSign).toBeUndefined()
    expect(await push.verify({ credential, challenge }, '')).toEqual({
      ok: false,
      reason: 'pending',
    })
  })

  it('puts the right number in every place equally often', async () => {
    const credential = await bound()
    const places = [0, 0, 0]
    for (let round = 0; round < 300; round += 1) {
      const { challenge } = await at.ask(credential)
      const numbers = push.remote?.question({ credential, challenge })?.numbers ?? []
      const place = numbers.indexOf(numberOf(credential, challenge))
      places[place] = (places[place] ?? 0) + 1
    }
    // A hundred each; fewer than fifty would come by chance once in many millions of runs.
    expect(Math.min(...places)).toBeGreaterThan(50)
  })

  it('offers nothing to choose where the number is to be typed', async () => {
    push = createPush({
      config: pushConfig.parse({ entry: 'type' }),
      channels,
      clock,
      home,
      name: 'Gatehouse',
    })
    at = bench(push, user, clock)
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    expect(push.remote?.question({ credential, challenge })?.numbers).toEqual([])
    const number = numberOf(credential, challenge)
    const { verdict } = await at.respond({ credential, challenge }, { number, confirmed: true })
    expect(verdict?.state).toBe('approved')
  })

  it('is approved by the right number, for the one sign-in', async () => {
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    const number = numberOf(credential, challenge)
    const { verdict, challenge: answered } = await at.respond(
      { credential, challenge },
      { number, confirmed: true },
    )
    expect(verdict?.state).toBe('approved')
    const asked = { credential, ...(answered ? { challenge: answered } : {}) }
    expect(await push.verify(asked, '')).toMatchObject({
      ok: true,
      data: credential.data,
      worth: { amr: ['mca'], phishingResistant: false, alone: false },
    })
    // Nobody can take it back or give it again.
    expect((await at.respond(asked, { number, confirmed: true })).verdict).toBeUndefined()
    expect((await at.respond(asked, { deny: true })).verdict).toBeUndefined()
    clock.advance(60)
    expect(await push.verify(asked, '')).toEqual({ ok: false, reason: 'expired' })
  })

  it.each([
    [
      'a wrong number',
      (right: string) => ({ number: right === '99' ? '98' : '99', confirmed: true }),
      'wrong',
    ],
    ['"this was not me"', () => ({ deny: true }), 'denied'],
  ])('is over for good after %s', async (_, answer, state) => {
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    const number = numberOf(credential, challenge)
    const { verdict, challenge: over } = await at.respond({ credential, challenge }, answer(number))
    expect(verdict?.state).toBe(state)
    const asked = { credential, ...(over ? { challenge: over } : {}) }
    expect(await push.verify(asked, '')).toEqual({ ok: false, reason: 'denied' })
    expect((await at.respond(asked, { number, confirmed: true })).verdict).toBeUndefined()
    expect(push.remote?.question(asked)).toBeUndefined()
  })

  it('can be answered by any approver of the person', async () => {
    const [one, other] = [await bound(), await bound()]
    const { challenge } = await at.ask(one, [one, other])
    const number = numberOf(one, challenge)
    const { verdict } = await at.respond(
      { credential: other, challenge },
      { number, confirmed: true },
    )
    expect(verdict?.state).toBe('approved')
  })

  it('cannot be answered by anybody else, before or after its time, or by what is not bound', async () => {
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    const number = numberOf(credential, challenge)
    const answered = async (by: Credential) =>
      (await at.respond({ credential: by, challenge }, { number, confirmed: true })).verdict
    expect(await answered({ ...credential, userId: 'somebody else' })).toBeUndefined()
    expect(await answered({ ...credential, kind: 'device_key' })).toBeUndefined()
    expect(await answered({ ...credential, state: 'disabled' })).toBeUndefined()
    expect(await answered({ ...(await joined()), state: 'active' })).toBeUndefined()
    clock.advance(60)
    expect(await answered(credential)).toBeUndefined()
    expect(push.remote?.question({ credential, challenge })).toBeUndefined()
  })

  it.each([
    '',
    'null',
    '42',
    '{}',
    '{"number":42}',
    '{"number":"4"}',
    '{"number":"042"}',
    '{"number":["42"]}',
    '{"number":"42","approve":true}',
    '{"approve":true}',
    '{"deny":false}',
    '{"__proto__":{"number":"42"}}',
  ])('is not answered by %s', async (answer) => {
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    expect((await at.respond({ credential, challenge }, answer)).verdict).toBeUndefined()
  })

  it('takes a passkey beside the number from an approver that asks for one', async () => {
    const plain = await bound()
    const change = await push.remote?.hear?.(plain, JSON.stringify({ confirms: true }))
    const credential = { ...plain, ...change }
    expect(push.remote?.device(credential).confirms).toBe(true)
    const { challenge } = await at.ask(credential)
    const number = numberOf(credential, challenge)
    const asked = { credential, challenge }
    expect((await at.respond(asked, { number })).verdict).toBeUndefined()
    expect((await at.respond(asked, { number, confirmed: false })).verdict).toBeUndefined()
    expect((await at.respond(asked, { number, confirmed: true })).verdict?.state).toBe('approved')
    expect((await at.respond(asked, { deny: true })).verdict?.state).toBe('denied')
  })
})

describe('the notification about a question', () => {
  const other = JSON.stringify({ endpoint: 'https://push.example.com/2', keys: {} })

  it('goes to every approver, small, with what is asked and as long as it is', async () => {
    const [one, two, silent] = [
      await bound({ subscription }),
      await bound({ subscription: other }),
      await bound(),
    ]
    sent.length = 0
    const { challenge, start } = await at.ask(one, [one, two, silent])
    clock.advance(10)
    expect(await start.deliver?.(challenge)).toEqual({ ok: true })
    expect(sent.map(({ to }) => to)).toEqual([subscription, other])
    const [{ text, ttlSeconds } = { text: '', ttlSeconds: 0 }] = sent
    expect(ttlSeconds).toBe(50)
    expect(JSON.parse(text)).toEqual({
      id: challenge.id,
      title: expect.any(String),
      body: 'Team wiki, with Firefox on Linux from 198.51.100.7',
    })
  })

  it('stays small whatever the address is called', async () => {
    const credential = await bound({ subscription })
    const about = { ...FROM_WORK, destination: '🌊'.repeat(2000), userAgent: 'x'.repeat(9000) }
    const { challenge, start } = await at.ask(credential, [credential], about)
    await start.deliver?.(challenge)
    expect(Buffer.byteLength(sent.at(-1)?.text ?? '')).toBeLessThan(600)
  })

  it('is not sent where nobody would get it', async () => {
    const silent = await bound()
    expect((await at.ask(silent)).start.deliver).toBeUndefined()
    const without = createPush({
      config: pushConfig.parse({}),
      channels: { for: () => undefined },
      clock,
      home,
      name: 'Gatehouse',
    })
    const credential = await bound({ subscription })
    const start = await without.challenge?.({
      credential,
      user,
      about: FROM_WORK,
      siblings: [credential],
    })
    expect(start?.deliver).toBeUndefined()
  })

  it('is tried again for those alone that it did not reach', async () => {
    const [one, two] = [await bound({ subscription }), await bound({ subscription: other })]
    sent.length = 0
    const { challenge, start } = await at.ask(one, [one, two])
    outcome = new Error('down')
    await expect(start.deliver?.(challenge)).rejects.toThrow('down')
    outcome = { ok: true }
    expect(await start.deliver?.(challenge)).toEqual({ ok: true })
    expect(sent).toHaveLength(4)
    expect(await start.deliver?.(challenge)).toEqual({ ok: true })
    expect(sent).toHaveLength(4)
  })

  it('is refused when all of them are gone', async () => {
    const credential = await bound({ subscription })
    const { challenge, start } = await at.ask(credential)
    outcome = { ok: false, refused: 'the subscription is gone' }
    expect(await start.deliver?.(challenge)).toEqual(outcome)
  })
})

describe('an approver, later', () => {
  it('says where its notifications go now', async () => {
    const credential = await bound()
    const told = await push.remote?.hear?.(credential, JSON.stringify({ subscription }))
    expect(push.facts({ ...credential, ...told })).toContain('with notifications')
    outcome = { ok: false, refused: 'gone' }
    const refused = await push.remote?.hear?.(
      { ...credential, ...told },
      JSON.stringify({ subscription }),
    )
    expect(push.facts({ ...credential, ...refused })).toContain('without notifications')
  })

  it.each(['', '{}', '{"confirms":"yes"}', '{"stage":"bound"}'])(
    'says nothing by %s',
    async (message) => {
      expect(await push.remote?.hear?.(await bound(), message)).toBeUndefined()
    },
  )

  it('says nothing before it is bound', async () => {
    const message = JSON.stringify({ confirms: true })
    expect(await push.remote?.hear?.(await joined(), message)).toBeUndefined()
  })
})
