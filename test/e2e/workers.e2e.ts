import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { listenTo } from '../support/event-source.ts'
import { freePort } from '../support/ports.ts'
import { openPostServer, type PostServer } from '../support/posted.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import { createVisitor, type Visitor } from '../support/visitor.ts'

const PASSWORD = 'eleven green bottles'

describe('two workers', () => {
  let program: Program
  let running: Started
  let recorder: Recorder
  let receiver: PostServer
  let port: number
  let health: number

  const yaml = (level: string, more = '') => `
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:${health}" }
workers: 2
trusted_proxies: [127.0.0.1]
login: { password: { memory_kib: 19456, passes: 1 } }
api:
  applications:
    - id: shop
      webhooks:
        origins: ["${receiver.url}"]
        secret: "whsec_${'A'.repeat(43)}="
        test: { origins: ["${receiver.url}"], secret: "whsec_${'B'.repeat(42)}A=" }
routes:
  - { host: localhost, upstream: "http://127.0.0.1:${recorder.port}", rules: [{ require: ${level} }] }
${more}`
  const home = () => `http://localhost:${port}/`
  const written = () =>
    running
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): Record<string, unknown> => JSON.parse(line))
  const pidOf = (worker: number) =>
    Number(written().findLast((line) => line.worker === worker && line.pid)?.pid)

  /** Each request comes on a connection of its own, and connections go to the workers in turn. */
  const several = async (ask: () => Promise<{ status: number }>) => {
    const answers = []
    for (let time = 0; time < 6; time += 1) answers.push((await ask()).status)
    return answers
  }
  const signIn = async (visitor: Visitor, password = PASSWORD) => {
    await visitor.open(`${home()}.gatehouse/login`)
    return visitor.submit({ username: 'maria', password })
  }

  beforeAll(async () => {
    port = await freePort()
    health = await freePort()
    recorder = await openRecorder()
    receiver = await openPostServer((_, response) => void response.writeHead(204).end())
    program = createProgram(yaml('one_factor'))
    running = await program.start()
    expect(program.run(['user', 'add', 'maria'], `${PASSWORD}\n`).code).toBe(0)
  })
  afterAll(async () => {
    await program.end()
    await recorder.close()
    await receiver.close()
  })

  it('print one link for the first administrator, and both take requests', async () => {
    expect(running.output().match(/setup\?token=/g)).toHaveLength(1)
    const stranger = createVisitor(port)
    await several(() => stranger.get(`http://nobody.test:${port}/`))
    const heard = written().filter(({ event }) => event === 'access.refused')
    expect(new Set(heard.map(({ worker }) => worker))).toEqual(new Set([1, 2]))
    expect(heard.every(({ policy }) => policy === 1)).toBe(true)
  })

  it('add up what they count', async () => {
    const counted = async () => {
      const answer = await fetch(`http://127.0.0.1:${health}/metrics`)
      const [, sum = '0'] =
        /events_total\{event="access.refused",[^}]*\} (\d+)/.exec(await answer.text()) ?? []
      return Number(sum)
    }
    const before = await counted()
    await several(() => createVisitor(port).get(`http://nobody.test:${port}/`))
    expect(await counted()).toBe(before + 6)
  })

  it('both know a session, and both refuse it from the next request after it was revoked', async () => {
    const maria = createVisitor(port)
    await signIn(maria)
    expect(await several(() => maria.get(home()))).toEqual(Array(6).fill(200))
    expect(program.run(['session', 'revoke', 'maria']).code).toBe(0)
    expect(await several(() => maria.get(home()))).toEqual(Array(6).fill(302))
  })

  it('sign with one key', async () => {
    const maria = createVisitor(port)
    await signIn(maria)
    recorder.clear()
    await several(() => maria.get(home()))
    const kids = recorder
      .messages()
      .flatMap(({ headers }) => headers)
      .filter(([name]) => name.toLowerCase() === 'x-gatehouse-assertion')
      .map(([, token]) =>
        JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()),
      )
    expect(kids).toHaveLength(6)
    expect(new Set(kids.map(({ kid }) => kid)).size).toBe(1)
  })

  it('count wrong passwords together', async () => {
    const guesser = createVisitor(port, { 'x-forwarded-for': '192.0.2.66' })
    const answers: number[] = []
    for (let guess = 0; guess < 14; guess += 1) {
      answers.push((await signIn(guesser, `wrong ${guess} of many`)).status)
    }
    // Ten are taken; had each worker counted for itself, all of these would be.
    expect(answers.filter((status) => status === 401).length).toBeLessThanOrEqual(11)
    expect(answers.at(-1)).toBe(429)
    const throttled = written().filter(({ event }) => event === 'login.throttled')
    expect(throttled.length).toBeGreaterThan(0)
  })

  it('let the owner in, in a browser of her own, through a storm of guesses from everywhere', async () => {
    expect(program.run(['user', 'add', 'nora'], `${PASSWORD}\n`).code).toBe(0)
    const typed = (password: string) => ({ username: 'nora', password })
    const login = `${home()}.gatehouse/login`
    const own = createVisitor(port, { 'x-forwarded-for': '192.0.2.9' })
    await own.open(login)
    expect((await own.submit(typed(PASSWORD))).status).toBe(303)
    expect(program.run(['session', 'revoke', 'nora']).code).toBe(0)

    // A thousand guesses from two hundred addresses, twenty at a time.
    const answers: number[] = []
    for (let round = 0; round < 50; round += 1) {
      const from = (at: number) => `198.51.100.${(round * 20 + at) % 200}`
      const guess = async (at: number) => {
        const stranger = createVisitor(port, { 'x-forwarded-for': from(at) })
        await stranger.open(login)
        return (await stranger.submit(typed(`guess ${round} ${at}`))).status
      }
      answers.push(...(await Promise.all(Array.from({ length: 20 }, (_, at) => guess(at)))))
    }
    expect(new Set(answers)).toEqual(new Set([401, 429]))
    // Ten, and one more after each wait, which doubles.
    expect(answers.filter((status) => status === 401).length).toBeLessThan(25)

    // Whoever is not known waits with the strangers, also with the right password; she does not.
    const unknown = createVisitor(port, { 'x-forwarded-for': '192.0.2.10' })
    await unknown.open(login)
    expect((await unknown.submit(typed(PASSWORD))).status).toBe(429)
    await own.open(login)
    expect((await own.submit(typed(PASSWORD))).status).toBe(303)
    expect(await several(() => own.get(home()))).toEqual(Array(6).fill(200))

    // Neither the trail nor her own history is filled by it.
    const rows = program.run(['audit', 'export', '--user', 'nora']).out.trim().split('\n')
    expect(rows.length).toBeLessThan(30)
    const waiting = program.run(['limits', 'list']).out
    expect(waiting).toContain('nora')
    expect(waiting).not.toContain('guess')
  })

  it('tell of a challenge in both what happened in one, and by a webhook once', async () => {
    const token = /ghk_\S+/.exec(program.run(['api-key', 'create', 'shop', '--test']).out)?.[0]
    const authorization = `Bearer ${token}`
    const at = (path: string) => `${home()}.gatehouse/api/2fa${path}`
    const post = async (path: string, body: object) => {
      const headers = { authorization, 'content-type': 'application/json' }
      const ask = { method: 'POST', body: JSON.stringify(body), headers }
      return JSON.parse((await createVisitor(port).get(at(path), ask)).body)
    }
    const begun = await post('/enroll', { user_id: 'c1' })
    await post(`/enroll/${begun.id}/confirm`, { code: '000000' })
    const webhook = `${receiver.url}/hook`
    const { id } = await post('/challenges', { user_id: 'c1', webhook })
    const listening = await Promise.all(
      [1, 2, 3, 4].map(() => listenTo(port, at(`/challenges/${id}/events`), { authorization })),
    )
    const next = async () => {
      const all = await Promise.all(listening.map((it) => it.next('challenge')))
      return all.map((data) => JSON.parse(data).state)
    }
    expect(await next()).toEqual(Array(4).fill('pending'))
    expect(await post('/verify', { challenge_id: id, code: '000000' })).toMatchObject({
      verified: true,
    })
    expect(await next()).toEqual(Array(4).fill('verified'))
    await Promise.all(listening.map(({ ended }) => ended))
    await vi.waitFor(() => expect(receiver.posted).toHaveLength(1), { timeout: 5000 })
    expect(JSON.parse(receiver.posted[0]?.body ?? '')).toMatchObject({
      type: 'challenge.verified',
      data: { id, test: true },
    })
  })

  it('change their configuration together, or not at all', async () => {
    program.configure(yaml('bypass'))
    await running.until(/configuration: access has changed/)
    const stranger = createVisitor(port)
    expect(await several(() => stranger.get(home()))).toEqual(Array(6).fill(200))
    program.configure(yaml('deny', 'portal: {}\n'))
    await running.until(/the last good one stays in force/)
    expect(await several(() => stranger.get(home()))).toEqual(Array(6).fill(200))
  })

  it('are two again soon after one was killed, under the configuration in force', async () => {
    const before = pidOf(1)
    process.kill(before, 'SIGKILL')
    await running.until(/worker: died/)
    const ready = await createVisitor(health).get(`http://127.0.0.1:${health}/health/ready`)
    expect(ready.status).toBe(200)
    await running.until(/(?:worker: takes requests[\s\S]*){3}/)
    expect(pidOf(1)).not.toBe(before)
    const stranger = createVisitor(port)
    expect(await several(() => stranger.get(home()))).toEqual(Array(6).fill(200))
  })

  it('finish what is under way when told to stop, even when everybody is told', async () => {
    const slow = new Promise<string>((resolve, reject) => {
      const sent = request(
        { port, path: '/slow', headers: { host: `localhost:${port}` } },
        (answer) => {
          let body = ''
          answer.on('data', (chunk) => {
            body += String(chunk)
          })
          answer.on('end', () => resolve(body))
          answer.on('error', reject)
          // As a service manager does it: every process of the group gets the signal.
          for (const pid of [pidOf(1), pidOf(2), running.pid]) process.kill(pid, 'SIGTERM')
        },
      )
      sent.on('error', reject)
      sent.end()
    })
    expect((await slow).length).toBeGreaterThan(0)
    expect(await running.stop()).toBe(0)
    expect(running.output()).toContain('gateway: stopped')
  })
})
