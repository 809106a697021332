import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Channel } from '../../src/channels/contract.ts'
import { FateUnknown, reasonOf } from '../../src/channels/errors.ts'
import { createOutbox } from '../../src/channels/outbox.ts'
import { twilioConfig } from '../../src/channels/twilio/config.ts'
import { createTwilio } from '../../src/channels/twilio/index.ts'
import type { Delivery } from '../../src/model/message.ts'
import { freePort } from '../support/ports.ts'
import {
  ACCOUNT,
  API_KEY,
  MESSAGING_SERVICE,
  openTwilioServer,
  signedByTwilio,
  TOKEN,
  type TwilioServer,
  VERIFY_SERVICE,
} from '../support/twilio-server.ts'
import { describeChannel } from './channel.ts'

const FROM = '+4930123456'
const TO = '+491701234567'

type Given = Partial<z.input<typeof twilioConfig>>

const aChannel = (url: string, given: Given = { from: FROM }): Channel =>
  createTwilio({
    config: twilioConfig.parse({ account: ACCOUNT, token: TOKEN, url, timeout: '1s', ...given }),
  })

let twilio: TwilioServer
beforeEach(async () => {
  twilio = await openTwilioServer()
})
afterEach(async () => {
  expect(twilio.faults).toEqual([])
  await twilio.close()
})

for (const medium of ['sms', 'voice'] as const) {
  describeChannel(`twilio by ${medium}`, async () => {
    const server = await openTwilioServer()
    return {
      channel: aChannel(server.url),
      message: (to, text) => ({ medium, to, text }),
      somebody: TO,
      twins: [`${TO},+491709999999`, `${TO}&To=%2B491709999999`, `${TO}\r\nTo: +491709999999`],
      arrived: () =>
        server.requests.map(({ parameters: { To = '', Body, Twiml = '' } }) => ({
          to: To,
          text: Body ?? said(Twiml),
        })),
      otherEnd: {
        well: () => {
          server.error = undefined
        },
        refuse: () => {
          server.error = { status: 400, code: 21211 }
        },
        putOff: () => {
          server.error = { status: 400, code: 21999 }
        },
        fail: () => {
          server.error = { status: 503 }
        },
        hang: () => {
          server.error = 'hang'
        },
        babble: () => {
          server.error = 'babble'
        },
      },
      close: async () => {
        expect(server.faults).toEqual([])
        await server.close()
      },
    }
  })
}

/** What a voice reads out of TwiML. */
const said = (twiml: string) =>
  [...twiml.matchAll(/<Say>([^<]*)<\/Say>/g)].map(([, text = '']) => unescaped(text)).join(' ')

const unescaped = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')

const aText = { medium: 'sms', to: TO, text: '123456 is your code.' } as const
const aCall = { medium: 'voice', to: TO, text: 'Your code is 1, 2, 3 & <4>.' } as const

describe('twilio: a message', () => {
  it('goes out with the number of the account', async () => {
    await aChannel(twilio.url).deliver(aText)
    expect(twilio.requests).toEqual([
      {
        path: `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`,
        user: ACCOUNT,
        password: TOKEN,
        parameters: { To: TO, From: FROM, Body: aText.text, ValidityPeriod: '300' },
      },
    ])
  })

  it('goes out through a messaging service, where there is one', async () => {
    const given = { from: FROM, messaging_service: MESSAGING_SERVICE }
    await aChannel(twilio.url, given).deliver(aText)
    const [request] = twilio.requests
    expect(request?.parameters).toMatchObject({ MessagingServiceSid: MESSAGING_SERVICE })
    expect(request?.parameters).not.toHaveProperty('From')
  })

  it('signs in with an API key, where there is one', async () => {
    await aChannel(twilio.url, { from: FROM, key: API_KEY }).deliver(aText)
    expect(twilio.requests).toMatchObject([
      { user: API_KEY, path: `/2010-04-01/Accounts/${ACCOUNT}/Messages.json` },
    ])
  })

  it('is read out twice on the phone', async () => {
    await aChannel(twilio.url).deliver(aCall)
    expect(twilio.requests).toMatchObject([
      {
        path: `/2010-04-01/Accounts/${ACCOUNT}/Calls.json`,
        parameters: { To: TO, From: FROM, Timeout: '30' },
      },
    ])
    const { Twiml = '' } = twilio.requests[0]?.parameters ?? {}
    expect(said(Twiml)).toBe(`${aCall.text} ${aCall.text}`)
    expect(Twiml).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?><Response><Say>[^<]*<\/Say>/)
  })

  it.each([
    [{ from: FROM }, ['sms', 'voice']],
    [{ from: 'Gatehouse' }, ['sms']],
    [{ messaging_service: MESSAGING_SERVICE }, ['sms']],
    [{ verify_service: VERIFY_SERVICE }, ['sms', 'voice']],
    [{ from: FROM, media: ['voice'] }, ['voice']],
  ] as [Given, string[]][])('with %o can be %o', (given, media) => {
    expect(aChannel(twilio.url, given).carries).toEqual(media)
  })
})

describe('twilio: an answer', () => {
  const outcome = async (error: TwilioServer['error'], channel = aChannel(twilio.url)) => {
    twilio.error = error
    return channel
      .deliver(aText)
      .then((it) => (it.ok ? 'sent' : 'later' in it ? `later: ${it.later}` : it.refused), reasonOf)
  }

  it.each([
    [{ status: 400, code: 21211 }, 'no such number (Twilio 21211)'],
    [{ status: 400, code: 21610 }, 'the person has asked for no more messages (Twilio 21610)'],
    [{ status: 400, code: 21614 }, 'no mobile number (Twilio 21614)'],
    [{ status: 400, code: 21606 }, 'twilio: HTTP 400 21606'],
    [{ status: 400, code: 21999 }, 'later: HTTP 400 21999'],
    [{ status: 429, code: 60212 }, 'later: HTTP 429 60212'],
    [{ status: 401, code: 20003 }, 'twilio: HTTP 401 20003'],
    [{ status: 429, code: 20429 }, 'twilio: HTTP 429 20429'],
    [{ status: 500 }, 'twilio: HTTP 500 20500'],
    [{ status: 503 }, 'twilio: HTTP 503 20500'],
    [{ status: 302 }, 'twilio: HTTP 302 20500'],
    ['hang', 'twilio: ECONNABORTED'],
    ['babble', 'twilio: SyntaxError'],
  ] as [TwilioServer['error'], string][])('of %o is told as: %s', async (error, told) => {
    expect(await outcome(error)).toBe(told)
  })

  it('that does not come, because nobody is there, is told', async () => {
    const channel = aChannel(`http://127.0.0.1:${await freePort()}`)
    expect(await outcome(undefined, channel)).toBe('twilio: ECONNREFUSED')
  })
})

describe('twilio: a message that may have been taken', () => {
  const fate = async (error: TwilioServer['error'], url = twilio.url) => {
    twilio.error = error
    const causes = await Promise.all(
      [aText, aCall].map((message) =>
        aChannel(url)
          .deliver(message)
          .catch((cause) => cause),
      ),
    )
    const verification = aChannel(url, { verify_service: VERIFY_SERVICE }).verification
    causes.push(await verification?.start('sms', TO).catch((cause) => cause))
    return causes.map((cause) => (cause instanceof FateUnknown ? 'unknown' : reasonOf(cause)))
  }
  const all = (what: string) => [what, what, what]

  it.each(['hang', 'break off', 'babble', { status: 500 }, { status: 502 }] as const)(
    'is told from one that was not, when Twilio ends with %o',
    async (error) => {
      expect(await fate(error)).toEqual(all('unknown'))
    },
  )

  it('is one that left this machine: not where nobody was reached', async () => {
    expect(await fate(undefined, `http://127.0.0.1:${await freePort()}`)).toEqual(
      all('twilio: ECONNREFUSED'),
    )
    // No TLS is spoken there, so nothing was said.
    expect(await fate(undefined, twilio.url.replace('http:', 'https:'))).toEqual(
      all('twilio: EPROTO'),
    )
  })

  it('is not one that Twilio has no time for', async () => {
    expect(await fate({ status: 503 })).toEqual(all('twilio: HTTP 503 20500'))
    expect(await fate({ status: 429, code: 20429 })).toEqual(all('twilio: HTTP 429 20429'))
  })

  it('is paid once: the outbox does not send it again, and a person who asks anew pays anew', async () => {
    const outbox = createOutbox({ clock: systemClock, log: silentLog, random: () => 0 })
    twilio.error = 'take and hang'
    const channel = aChannel(twilio.url)
    const ends: string[] = []
    const state = await outbox.post({
      lane: 'sms',
      until: systemClock.now() + 300,
      deliver: () => channel.deliver(aText),
      async told(end) {
        ends.push(end)
      },
    })
    expect(state).toBe('waiting')
    await expect.poll(() => ends, { timeout: 10_000 }).toEqual(['unknown'])
    twilio.error = undefined
    // Whatever is sent after it, it is not among that.
    const next = { ...aText, text: '654321 is your code.' }
    await outbox.post({
      lane: 'sms',
      until: systemClock.now() + 300,
      deliver: () => channel.deliver(next),
    })
    await outbox.close()
    expect(twilio.requests.map(({ parameters }) => parameters.Body)).toEqual([
      aText.text,
      next.text,
    ])
  })
})

describe('twilio: what is told afterwards', () => {
  const HOME = new URL('https://auth.example.com/gate/')
  const ADDRESS = 'https://auth.example.com/gate/channels/twilio'
  const AUTH_TOKEN = 'the other token'
  const withReports = (given: Given = {}) =>
    createTwilio({
      config: twilioConfig.parse({
        ...{ account: ACCOUNT, key: API_KEY, token: TOKEN, auth_token: AUTH_TOKEN },
        ...{ url: twilio.url, from: FROM, ...given },
      }),
      home: HOME,
    })
  const tell = (fields: Record<string, string>, token = AUTH_TOKEN, url = ADDRESS) =>
    withReports().reports?.read({ signature: signedByTwilio(token, url, fields), fields })

  it.each(['sms', 'voice'] as const)('is asked for with each message by %s', async (medium) => {
    const sent = await withReports().deliver({ medium, to: TO, text: '123456' })
    expect(twilio.requests[0]?.parameters.StatusCallback).toBe(ADDRESS)
    expect(sent).toEqual({ ok: true, reference: expect.stringMatching(/^(SM|CA)[0-9a-f]{32}$/) })
  })

  it('is not asked for without a token', async () => {
    expect(aChannel(twilio.url).reports).toBeUndefined()
    await aChannel(twilio.url).deliver({ medium: 'sms', to: TO, text: '123456' })
    expect(twilio.requests[0]?.parameters).not.toHaveProperty('StatusCallback')
  })

  it.each([
    [{ MessageSid: 'SM1', MessageStatus: 'undelivered', ErrorCode: '30003' }, 'undelivered 30003'],
    [{ MessageSid: 'SM1', MessageStatus: 'failed' }, 'failed'],
    [{ MessageSid: 'SM1', MessageStatus: 'failed', ErrorCode: 'x\ny' }, 'failed'],
    [{ CallSid: 'SM1', CallStatus: 'no-answer' }, 'no-answer'],
    [{ CallSid: 'SM1', CallStatus: 'busy' }, 'busy'],
    [{ MessageSid: 'SM1', MessageStatus: 'delivered' }, undefined],
    [{ MessageSid: 'SM1', MessageStatus: 'sent', To: TO }, undefined],
    [{ CallSid: 'SM1', CallStatus: 'completed' }, undefined],
  ])('is read where it is signed: %o', async (fields, failed) => {
    expect(await tell(fields as Record<string, string>)).toEqual({
      reference: 'SM1',
      ...(failed === undefined ? {} : { failed }),
    })
  })

  it('is nothing without a signature, or under another token, address or text', async () => {
    const fields = { MessageSid: 'SM1', MessageStatus: 'failed' }
    expect(await tell(fields, TOKEN)).toBeUndefined()
    expect(await tell(fields, AUTH_TOKEN, `${ADDRESS}/`)).toBeUndefined()
    expect(await tell({ To: TO })).toBeUndefined()
    const signature = signedByTwilio(AUTH_TOKEN, ADDRESS, fields)
    const reports = withReports().reports
    expect(await reports?.read({ signature: '', fields })).toBeUndefined()
    const other = { ...fields, MessageSid: 'SM2' }
    expect(await reports?.read({ signature, fields: other })).toBeUndefined()
  })
})

/** What was sent, with its name. */
const named = (delivery: Delivery): { reference: string } => {
  if (!delivery.ok || delivery.reference === undefined) throw new Error('it has no name')
  return { reference: delivery.reference }
}

describe('twilio: codes that Verify makes', () => {
  const verify = (url = twilio.url) => {
    const { verification } = aChannel(url, { verify_service: VERIFY_SERVICE })
    if (!verification) throw new Error('no verification')
    return verification
  }

  it('are not there without a service', () => {
    expect(aChannel(twilio.url).verification).toBeUndefined()
  })

  it.each([
    ['sms', 'sms'],
    ['voice', 'call'],
  ] as const)('are asked for by %s', async (medium, channel) => {
    expect(await verify().start(medium, TO)).toEqual({
      ok: true,
      reference: expect.stringMatching(/^VE[0-9a-f]{32}$/),
    })
    expect(twilio.requests).toEqual([
      {
        path: `/v2/Services/${VERIFY_SERVICE}/Verifications`,
        user: ACCOUNT,
        password: TOKEN,
        parameters: { To: TO, Channel: channel },
      },
    ])
  })

  it('are checked there, each once', async () => {
    await verify().start('sms', TO)
    const code = twilio.codes.get(TO) ?? ''
    expect(await verify().check(TO, undefined, '999999')).toBe(false)
    expect(await verify().check(TO, undefined, code)).toBe(true)
    expect(await verify().check(TO, undefined, code)).toBe(false)
    expect(twilio.requests.at(-1)).toMatchObject({
      path: `/v2/Services/${VERIFY_SERVICE}/VerificationCheck`,
      parameters: { To: TO, Code: code },
    })
  })

  it('are checked under the name of their question, where it is known', async () => {
    const { reference } = named(await verify().start('sms', TO))
    expect(await verify().check(TO, reference, twilio.codes.get(TO) ?? '')).toBe(true)
    expect(twilio.requests.at(-1)?.parameters).toEqual({
      VerificationSid: reference,
      Code: expect.any(String),
    })
  })

  it('are refused for numbers that get none', async () => {
    for (const code of [60200, 60203, 60205, 60410, 60605]) {
      twilio.error = { status: code === 60203 ? 429 : 403, code }
      expect(await verify().start('sms', TO)).toMatchObject({ ok: false })
    }
  })

  it('are wrong after too many tries', async () => {
    twilio.error = { status: 429, code: 60202 }
    expect(await verify().check(TO, undefined, '123456')).toBe(false)
  })

  it('are neither right nor wrong while Twilio is down', async () => {
    for (const error of [
      { status: 500 },
      { status: 429, code: 20429 },
      'hang',
      'babble',
    ] as const) {
      twilio.error = error
      expect(await verify().check(TO, undefined, '123456').catch(reasonOf)).toMatch(/^twilio: /)
      expect(await verify().start('sms', TO).catch(reasonOf)).toMatch(/^twilio: /)
    }
  })
})

describe('twilio: the keys', () => {
  it.each([
    [{}, ['from']],
    [{ from: '030123456' }, ['from']],
    [{ from: FROM, account: API_KEY }, ['account']],
    [{ from: FROM, verify_service: ACCOUNT }, ['verify_service']],
  ] as [Given, string[]][])('are checked: %o', (given, path) => {
    const parsed = twilioConfig.safeParse({ account: ACCOUNT, token: TOKEN, ...given })
    expect(parsed.error?.issues.map((issue) => issue.path)).toEqual([path])
  })
})
