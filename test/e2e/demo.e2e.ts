import { readdirSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { generate } from 'otplib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'
import { createVisitor, type Visitor } from '../support/visitor.ts'

let program: Program
let running: Started
let address: string
let visitor: Visitor
beforeEach(async () => {
  const port = await freePort()
  address = `http://localhost:${port}`
  program = createProgram('')
  running = await program.start(['demo', '--port', String(port)], /Ctrl-C ends it/)
  visitor = createVisitor(port, { accept: 'text/html' })
})
afterEach(async () => {
  // A killed demo could not remove its folder.
  await running.stop('SIGINT')
  await program.end()
})

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('gatehouse-demo-'))

/** Gives name and password, and goes on to the page that comes then. */
async function withPassword(name: string): Promise<void> {
  const [, password = ''] = await running.until(new RegExp(`${name} +(\\S{12,}) +\\S`))
  await visitor.open(`${address}/`)
  await send({ username: name, password })
}

async function send(fields: Record<string, string>) {
  const answer = await visitor.submit(fields)
  return answer.location === undefined ? answer : visitor.open(answer.location)
}

async function signIn(name: string): Promise<void> {
  await withPassword(name)
  const page = await send({ enroll: 'totp' })
  const [, secret = ''] = /secret=([A-Z2-7]+)/.exec(page.body) ?? []
  await visitor.submit({ code: await generate({ secret }) })
}

it('prints two users, and shows their codes on a page', async () => {
  const [, password = ''] = await running.until(/alice +(\S{12,}) +admins, staff/)
  await running.until(/bob +\S{12,} +staff/)
  expect((await visitor.get(`${address}/inbox`)).body).toContain(password)
})

it('keeps the application at the root of the port, and the portal below /.gatehouse/', async () => {
  const asked = await visitor.get(`${address}/`)
  expect(asked.status).toBe(302)
  expect(asked.location).toContain(`${address}/.gatehouse/login?rd=`)
  expect((await visitor.get(`${address}/public`)).status).toBe(200)
  expect((await visitor.get(`${address}/.gatehouse/login`)).status).toBe(200)
})

it.each([
  ['email', 'alice@example.com'],
  ['sms', '+49 170 1234567'],
  ['voice', '+49 30 123456'],
])(
  'shows what it sends, so that a code by %s can be tried with no account',
  async (kind, target) => {
    await withPassword('alice')
    await send({ enroll: kind })
    await send({ enroll: kind, target })
    const inbox = (await visitor.get(`${address}/inbox`)).body
    const message = /<ol class="messages">[\s\S]*?<\/li>/.exec(inbox)?.[0] ?? ''
    expect(message).toContain(target.replaceAll(' ', ''))
    // A call reads the digits one by one.
    const text = message.slice(message.indexOf('message-text')).replace(/(\d)\. /g, '$1')
    const [code = ''] = /\d{6}/.exec(text) ?? []
    expect(await visitor.submit({ code })).toMatchObject({ status: 303, location: `${address}/` })
    expect((await visitor.get(`${address}/`)).status).toBe(200)
  },
)

it('ends on Ctrl-C although a stream is open, and leaves nothing behind', async () => {
  await signIn('bob')
  const headers = { cookie: visitor.jar.headerFor('localhost') ?? '' }
  const streamed = await new Promise((resolve) => {
    const stream = get(`${address}/events`, { headers, agent: false }, (message) => {
      message.once('data', () => resolve(message.headers['content-type']))
      message.on('error', () => {})
    })
    stream.on('error', resolve)
  })
  expect(streamed).toBe('text/event-stream')
  const before = folders()
  expect(await running.stop('SIGINT')).toBe(0)
  expect(folders().length).toBeLessThan(before.length)
})

it('lets one browser be desk and phone, and shows on the inbox page what the phone is asked', async () => {
  const [, password = ''] = await running.until(/bob +(\S{12,}) +staff/)
  const onward = async (answer: { location: string | undefined }) =>
    visitor.open(new URL(answer.location ?? '', visitor.url).href)
  await visitor.open(`${address}/`)
  await onward(await visitor.submit({ username: 'bob', password }))
  const chosen = await onward(await visitor.submit({ enroll: 'push' }))
  const desk = { url: visitor.url, page: visitor.page }
  const [link = ''] =
    /http:\/\/localhost:\d+\/\.gatehouse\/approver\/[\w-]+/.exec(chosen.body) ?? []
  await visitor.open(link)
  await visitor.submit({})
  const { body } = await visitor.open(`${address}/.gatehouse/approver`)
  const [, code = ''] = /class="big-digits">(\d\d)</.exec(body) ?? []
  await visitor.open(desk.url)
  expect(await visitor.submit({ code })).toMatchObject({ status: 303, location: `${address}/` })

  const other = createVisitor(Number(new URL(address).port), { accept: 'text/html' })
  await other.open(`${address}/`)
  const next = await other.submit({ username: 'bob', password })
  const asked = await other.open(next.location ?? '')
  const [, number = ''] = /class="big-digits">(\d\d)</.exec(asked.body) ?? []
  const inbox = await visitor.get(`${address}/inbox`)
  const [, request = ''] = /href="([^"]+\/approve\/[\w-]+)"/.exec(inbox.body) ?? []
  await visitor.open(request)
  expect((await visitor.submit({ number })).status).toBe(200)
  expect(await other.submit({})).toMatchObject({ status: 303, location: `${address}/` })
})
