import { createHmac, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { reasonOf } from '../../src/channels/errors.ts'
import { webhookConfig } from '../../src/channels/webhook/config.ts'
import { createWebhook } from '../../src/channels/webhook/index.ts'
import { freePort } from '../support/ports.ts'
import { openPostServer, type Posted, type PostServer } from '../support/posted.ts'
import { stillClock } from '../support/still-clock.ts'
import { describeChannel } from './channel.ts'

const KEY = randomBytes(32)
const SECRET = `whsec_${KEY.toString('base64')}`
const clock = stillClock()

const aChannel = (url: string, given: Partial<z.input<typeof webhookConfig>> = {}) =>
  createWebhook({
    clock,
    config: webhookConfig.parse({
      url,
      secret: SECRET,
      media: ['email', 'sms', 'voice'],
      timeout: '1s',
      ...given,
    }),
  })

/** Checks a request as the specification of Standard Webhooks tells a receiver to. */
function isSigned({ headers, body }: Posted): boolean {
  const [id, at, signatures] = ['id', 'timestamp', 'signature'].map((name) =>
    String(headers[`webhook-${name}`]),
  )
  const own = createHmac('sha256', KEY).update(`${id}.${at}.${body}`).digest('base64')
  return (signatures ?? '').split(' ').includes(`v1,${own}`)
}

const ok: PostServer['answer'] = (_, response) => void response.writeHead(204).end()
const status =
  (code: number): PostServer['answer'] =>
  (posted, response) =>
    void response.writeHead(code).end(`no, not ${posted.body}`)

for (const medium of ['email', 'sms', 'voice'] as const) {
  describeChannel(`webhook with ${medium}`, async () => {
    const server = await openPostServer(ok)
    const taken: Posted[] = []
    const taking: PostServer['answer'] = (posted, response) => {
      taken.push(posted)
      ok(posted, response)
    }
    server.answer = taking
    return {
      channel: aChannel(server.url),
      message: (to, text) =>
        medium === 'email'
          ? { medium, to, text, subject: 'Your code', html: '<p>Your code</p>' }
          : { medium, to, text },
      somebody: medium === 'email' ? 'alice@example.com' : '+491701234567',
      twins: ['alice@example.com, eve@evil.test', 'a", "to": "eve@evil.test', 'a\r\nTo: eve'],
      arrived: () => taken.filter(isSigned).map(({ body }) => JSON.parse(body)),
      otherEnd: {
        well: () => {
          server.answer = taking
        },
        refuse: () => {
          server.answer = status(422)
        },
        putOff: () => {
          server.answer = status(409)
        },
        fail: () => {
          server.answer = status(503)
        },
        hang: () => {
          server.answer = () => {}
        },
        babble: () => {
          server.answer = (_, response) => void response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n')
        },
      },
      close: server.close,
    }
  })
}

let server: PostServer
beforeEach(async () => {
  server = await openPostServer(ok)
})
afterEach(() => server.close())

const aText = { medium: 'sms', to: '+491701234567', text: '123456 is your code.' } as const

describe('webhook: a request', () => {
  it('is JSON, signed, and of this moment', async () => {
    await aChannel(`${server.url}/sms?to=all`).deliver(aText)
    const [posted] = server.posted
    if (!posted) throw new Error('nothing came')
    expect(posted).toMatchObject({
      method: 'POST',
      path: '/sms?to=all',
      headers: {
        'content-type': 'application/json',
        'webhook-id': expect.stringMatching(/^msg_[\w-]{20,}$/),
        'webhook-timestamp': String(clock.now()),
      },
    })
    expect(JSON.parse(posted.body)).toEqual(aText)
    expect(isSigned(posted)).toBe(true)
    expect(isSigned({ ...posted, body: posted.body.replace('+4917', '+4918') })).toBe(false)
  })

  it('carries the subject of a mail', async () => {
    const mail = { medium: 'email', to: 'a@example.com', subject: 'Your code', text: 'It is 1.' }
    await aChannel(server.url).deliver({ ...mail, medium: 'email', html: '<p>It is 1.</p>' })
    expect(JSON.parse(server.posted[0]?.body ?? '')).toEqual(mail)
  })

  it('keeps its name when it is tried again, and only then', async () => {
    const channel = aChannel(server.url)
    await channel.deliver(aText)
    await channel.deliver(aText)
    await channel.deliver({ ...aText })
    const [first, again, other] = server.posted.map(({ headers }) => headers['webhook-id'])
    expect(again).toBe(first)
    expect(other).not.toBe(first)
  })
})

describe('webhook: an answer', () => {
  const outcome = async (answer: PostServer['answer'], url = server.url) => {
    server.answer = answer
    return aChannel(url)
      .deliver(aText)
      .then((it) => (it.ok ? 'sent' : 'later' in it ? 'later' : 'refused'), reasonOf)
  }

  it.each([
    [200, 'sent'],
    [202, 'sent'],
    [204, 'sent'],
    [422, 'refused'],
    [400, 'later'],
    [409, 'later'],
    [401, 'webhook: answered with 401'],
    [404, 'webhook: answered with 404'],
    [429, 'webhook: answered with 429'],
    [500, 'webhook: answered with 500'],
  ])('of %d makes it %s', async (code, expected) => {
    const answer: PostServer['answer'] = (_, response) => void response.writeHead(code).end()
    expect(await outcome(answer)).toBe(expected)
  })

  it('that leads elsewhere is not followed', async () => {
    const other = await openPostServer(ok)
    const leads: PostServer['answer'] = (_, response) =>
      void response.writeHead(307, { location: other.url }).end()
    expect(await outcome(leads)).toBe('webhook: answered with 307')
    expect(other.posted).toEqual([])
    await other.close()
  })

  it('may be as long as it likes: nobody reads it', async () => {
    let written = 0
    const floods: PostServer['answer'] = (_, response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536
      }
      response.on('drain', more)
      more()
    }
    expect(await outcome(floods)).toBe('sent')
    expect(written).toBeLessThan(50_000_000)
  })

  it('that does not come in time is none', async () => {
    expect(await outcome(() => {})).toBe('webhook: TimeoutError')
    const url = `http://127.0.0.1:${await freePort()}`
    expect(await outcome(ok, url)).toBe('webhook: ECONNREFUSED')
  })
})

describe('webhook: the keys', () => {
  it.each([
    [{ url: 'ftp://sms.example.com' }, 'url'],
    [{ url: 'https://user:password@sms.example.com/' }, 'url'],
    [{ secret: 'whsec_c2hvcnQ=' }, 'secret'],
    [{ secret: 'a secret, but no base64 of thirty-two bytes' }, 'secret'],
    [{ media: [] }, 'media'],
    [{ media: ['push'] }, 'media'],
  ])('are checked: %o', (given, key) => {
    const whole = { url: 'https://sms.example.com/', secret: SECRET, media: ['sms'], ...given }
    const { error } = webhookConfig.safeParse(whole)
    expect(error?.issues.map(({ path }) => path[0])).toContain(key)
  })

  it('may leave out the prefix of the secret', async () => {
    await aChannel(server.url, { secret: KEY.toString('base64') }).deliver(aText)
    expect(server.posted.map(isSigned)).toEqual([true])
  })
})
