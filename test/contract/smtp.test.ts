import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type * as z from 'zod'
import { OperatorError } from '../../src/base/errors.ts'
import { reasonOf } from '../../src/channels/errors.ts'
import { smtpConfig } from '../../src/channels/smtp/config.ts'
import { createSmtp } from '../../src/channels/smtp/index.ts'
import type { Message } from '../../src/model/message.ts'
import {
  type MailServer,
  type MailServerGiven,
  openMailServer,
  openTarPit,
} from '../support/mail-server.ts'
import { freePort } from '../support/ports.ts'
import { describeChannel } from './channel.ts'

const aMail = (given: Partial<Extract<Message, { medium: 'email' }>> = {}) =>
  ({
    medium: 'email',
    to: 'alice@example.com',
    subject: 'Your code',
    text: 'Your code is 123456.',
    html: '<p>Your code is <b>123456</b>.</p>',
    ...given,
  }) as const

const PASSWORD = 'let me send'
const LOGIN = { user: 'gate@example.com', password: PASSWORD }

let servers: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  servers = []
})

async function aServer(given: MailServerGiven): Promise<MailServer> {
  const server = await openMailServer(given)
  servers.push(server)
  return server
}

function aFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ca.pem')
  writeFileSync(file, text)
  return file
}

function aChannel(given: Partial<z.input<typeof smtpConfig>>, name = 'Example Gate') {
  const config = smtpConfig.parse({ from: 'gate@example.com', timeout: '1s', ...given })
  const channel = createSmtp({ config, name })
  onTestFinished(() => channel.close?.())
  return channel
}

const trusting = ({ ca }: MailServer) => ({ ca: aFile(ca) })
const secure = (server: MailServer) => ({
  url: `smtps://127.0.0.1:${server.port}`,
  ...trusting(server),
})
const starting = (server: MailServer) => ({
  url: `smtp://127.0.0.1:${server.port}`,
  ...trusting(server),
})
const why = async (work: Promise<unknown>) => work.then(() => undefined, reasonOf)

for (const [speaks, scheme] of [
  ['tls', 'smtps'],
  ['starttls', 'smtp'],
] as const) {
  describeChannel(`smtp by ${speaks}`, async () => {
    const server = await openMailServer({ speaks, login: LOGIN })
    const config = smtpConfig.parse({
      url: `${scheme}://127.0.0.1:${server.port}`,
      from: LOGIN.user,
      password: PASSWORD,
      ca: aFile(server.ca),
      timeout: '1s',
    })
    const channel = createSmtp({ config, name: 'Example Gate' })
    return {
      channel,
      message: (to, text) => aMail({ to, text }),
      somebody: 'alice@example.com',
      twins: [
        'alice@example.com, eve@evil.test',
        'alice@example.com\r\nBcc: eve@evil.test',
        'alice@example.com>\r\nRCPT TO:<eve@evil.test',
        'Eve <eve@evil.test>',
        '"alice@example.com" <eve@evil.test>',
        'alice@example.com;eve@evil.test',
        'alice@example.com eve@evil.test',
        'eve@evil.test@example.com',
        'group: alice@example.com, eve@evil.test;',
        'alice@example.com\u0000eve@evil.test',
      ],
      arrived: () =>
        server.received.flatMap(({ to, mail }) =>
          to.map((address) => ({ to: address, text: mail.text ?? '' })),
        ),
      otherEnd: {
        well: () => {
          server.mood = {}
        },
        refuse: () => {
          server.mood = { recipient: 550 }
        },
        putOff: () => {
          server.mood = { recipient: 452 }
        },
        fail: () => {
          server.mood = { sender: 451 }
        },
        hang: () => {
          server.mood = { hangs: true }
        },
        babble: () => {
          server.mood = { connection: 354 }
        },
      },
      async close() {
        await channel.close?.()
        await server.close()
      },
    }
  })
}

describe('smtp: a mail', () => {
  it('has a text and an HTML part, says who sends it, and asks for no answer', async () => {
    const server = await aServer({ speaks: 'tls' })
    await aChannel(secure(server)).deliver(aMail())
    const [{ from, to, mail } = raise()] = server.received
    expect([from, to]).toEqual(['gate@example.com', ['alice@example.com']])
    expect(mail).toMatchObject({
      from: { name: 'Example Gate', address: 'gate@example.com' },
      to: [{ name: '', address: 'alice@example.com' }],
      subject: 'Your code',
      text: expect.stringContaining('Your code is 123456.'),
      html: expect.stringContaining('<b>123456</b>'),
      attachments: [],
    })
    expect(mail.headers).toContainEqual(
      expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }),
    )
  })

  it('has no header that came with a subject or a name', async () => {
    const server = await aServer({ speaks: 'tls' })
    const subject = 'Your code\r\nBcc: eve@evil.test\r\n\r\nHello'
    const name = 'Gate\r\nBcc: eve@evil.test\r\nX: "<eve@evil.test>, '
    await aChannel(secure(server), name).deliver(aMail({ subject }))
    const [{ to, mail } = raise()] = server.received
    expect(to).toEqual(['alice@example.com'])
    expect(mail.headers.map(({ key }) => key)).not.toContain('bcc')
    expect(mail.from).toMatchObject({ address: 'gate@example.com' })
    expect(mail.subject).toBe('Your code Bcc: eve@evil.test Hello')
    expect(mail.text).toContain('Your code is 123456.')
  })

  it('reads no file and no address that its text names', async () => {
    const server = await aServer({ speaks: 'tls' })
    const path = { path: '/etc/hostname' }
    const mail = aMail({ text: path as unknown as string })
    expect(await why(aChannel(secure(server)).deliver(mail))).toBe('smtp: ESTREAM')
    expect(server.received).toEqual([])
  })
})

describe('smtp: a connection', () => {
  it('is kept for the next mail', async () => {
    const server = await aServer({ speaks: 'tls' })
    const channel = aChannel(secure(server))
    await channel.deliver(aMail())
    await channel.deliver(aMail())
    expect(server.received).toHaveLength(2)
    expect(server.connections).toBe(1)
  })

  it('carries a password over TLS', async () => {
    const server = await aServer({ speaks: 'starttls', login: LOGIN })
    await aChannel({ ...starting(server), password: PASSWORD }).deliver(aMail())
    expect(server.received).toMatchObject([{ secure: true, user: LOGIN.user }])
  })

  it('is given up where the password is wrong: that is for the operator to see', async () => {
    const server = await aServer({ speaks: 'tls', login: LOGIN })
    const channel = aChannel({ ...secure(server), password: 'wrong' })
    expect(await why(channel.deliver(aMail()))).toBe('smtp: EAUTH 535')
  })

  it.each([
    ['offers no STARTTLS', 'plain', {}, 'ETLS'],
    ['has a certificate of nobody we know', 'starttls', { ca: undefined }, 'ESOCKET'],
  ] as const)('carries nothing where the server %s', async (_, speaks, given, reason) => {
    const server = await aServer({ speaks, login: LOGIN })
    const channel = aChannel({ ...starting(server), ...given, password: PASSWORD })
    expect(await why(channel.deliver(aMail()))).toContain(reason)
    expect(server.received).toEqual([])
    expect(server.passwords).toEqual([])
  })

  it('carries nothing to a server with a certificate of another name', async () => {
    const server = await aServer({ speaks: 'tls', name: 'mail.example.org' })
    expect(await why(aChannel(secure(server)).deliver(aMail()))).toContain('ESOCKET')
    expect(server.received).toEqual([])
  })

  it('is in clear text only where the configuration says so', async () => {
    const server = await aServer({ speaks: 'plain' })
    const channel = aChannel({ ...starting(server), starttls: 'never' })
    expect(await channel.deliver(aMail())).toEqual({ ok: true })
    expect(server.received).toMatchObject([{ secure: false }])
  })

  it('is given up after the time for one try, however the server draws it out', async () => {
    const pit = await openTarPit()
    servers.push(pit)
    const channel = aChannel({ url: `smtp://127.0.0.1:${pit.port}`, starttls: 'never' })
    expect(await why(channel.deliver(aMail()))).toBe('smtp: EABORT')
  })

  it('may be refused by the whole machine', async () => {
    const channel = aChannel({ url: `smtp://127.0.0.1:${await freePort()}` })
    expect(await why(channel.deliver(aMail()))).toMatch(/^smtp: E/)
  })
})

describe('smtp: an answer', () => {
  const outcome = async (mood: MailServer['mood']) => {
    const server = await aServer({ speaks: 'tls' })
    server.mood = mood
    const channel = aChannel(secure(server))
    const outcome = await channel.deliver(aMail()).catch(reasonOf)
    if (typeof outcome === 'string') return outcome
    return outcome.ok ? 'sent' : 'later' in outcome ? 'later' : 'refused'
  }

  it.each([
    [{ recipient: 550 }, 'refused'],
    [{ recipient: 553 }, 'refused'],
    [{ data: 554 }, 'refused'],
    [{ data: 552 }, 'refused'],
    [{ recipient: 450 }, 'later'],
    [{ recipient: 451 }, 'later'],
    [{ recipient: 452, detail: '4.2.2' }, 'later'],
    [{ recipient: 450, detail: '4.7.1' }, 'later'],
    [{ recipient: 452, detail: '4.3.1' }, 'smtp: EENVELOPE 452 4.3.1'],
    [{ recipient: 421 }, /^smtp: E\w+ 421$/],
    [{ data: 452, detail: '4.2.2' }, 'later'],
    [{ data: 452, detail: '4.3.1' }, 'smtp: EMESSAGE 452 4.3.1'],
    [{ recipient: 530 }, 'smtp: EENVELOPE 530'],
    [{ data: 451 }, 'smtp: EMESSAGE 451'],
    [{ sender: 550 }, 'smtp: EENVELOPE 550'],
    [{ sender: 451 }, 'smtp: EENVELOPE 451'],
    [{ connection: 421 }, 'smtp: EPROTOCOL 421'],
    [{ connection: 554 }, 'smtp: EPROTOCOL 554'],
    [{}, 'sent'],
  ])('of %o makes it %s', async (mood, expected) => {
    expect(await outcome(mood)).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    )
  })
})

it('smtp: does not start with certificates that cannot be read', () => {
  const ca = '/nonexistent/ca.pem'
  expect(() => aChannel({ url: 'smtps://mail.example.com', ca })).toThrow(OperatorError)
})

function raise(): never {
  throw new Error('nothing was received')
}
