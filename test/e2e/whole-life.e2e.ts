import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../support/ports.ts'
import { openPostServer, type PostServer } from '../support/posted.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import { createVisitor } from '../support/visitor.ts'

const PASSWORD = 'eleven green bottles'

interface Row {
  event: string
  user_id?: string
  session_id?: string
  address?: string
  reference?: string
  details: Record<string, unknown>
}

describe.each([1, 2])('the trail of a whole life, with %d processes', (workers) => {
  let program: Program
  let running: Started
  let recorder: Recorder
  let siem: PostServer
  let port: number
  let health: number

  const yaml = (more = '') => `
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:${health}" }
workers: ${workers}
login: { password: { memory_kib: 19456, passes: 1 } }
audit:
  webhook: { url: "${siem.url}/events", secret: "whsec_${'A'.repeat(43)}=" }
routes:
  - host: localhost
    upstream: "http://127.0.0.1:${recorder.port}"
    rules:
      - { name: staff alone, paths: [/staff/**], groups: [staff], require: one_factor }
      - { name: everybody, require: one_factor }
${more}`
  const home = () => `http://localhost:${port}`
  const command = async (...words: string[]) => {
    const { code, err } = await program.runBeside(words, `${PASSWORD}\n`)
    expect(err).toBe('')
    expect(code).toBe(0)
  }
  const rows = (): Row[] =>
    program
      .run(['audit', 'export'])
      .out.trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const names = () => rows().map(({ event }) => event)
  const written = (name: string) =>
    vi.waitFor(() => expect(names().at(-1)).toBe(name), { timeout: 20_000, interval: 100 })

  beforeAll(async () => {
    port = await freePort()
    health = await freePort()
    recorder = await openRecorder()
    siem = await openPostServer((_, response) => void response.writeHead(204).end())
    program = createProgram(yaml())
    running = await program.start()
  })
  afterAll(async () => {
    await program.end()
    await recorder.close()
    await siem.close()
  })

  it('tells every fact once, who it was, from where, in which session, by which rule', async () => {
    await written('gateway.started')
    await command('user', 'add', 'maria')
    const maria = createVisitor(port)
    await maria.open(`${home()}/`)
    await maria.submit({ username: 'maria', password: 'wrong' })
    await written('login.refused')
    await maria.submit({ username: 'maria', password: PASSWORD })
    expect((await maria.get(`${home()}/`)).status).toBe(200)
    expect((await maria.get(`${home()}/`)).status).toBe(200)
    await written('access.allowed')
    const denied = await maria.get(`${home()}/staff/plans`)
    expect(denied.status).toBe(403)
    await written('access.denied')
    program.configure(yaml('tests: [{ url: "http://localhost/", expect: allow }]\n'))
    await written('config.refused')
    program.configure(yaml('session: { idle: 20m }\n'))
    await written('config.reloaded')
    await command('factor', 'pass', 'maria')
    await command('limits', 'clear', 'maria')
    await command('limits', 'clear', '192.0.2.7')
    await command('limits', 'clear', '--all')
    await command('api-key', 'create', 'gatehouse')
    await command('backup', 'copy.db')
    await command('session', 'revoke', 'maria')
    await command('user', 'disable', 'maria')
    await command('user', 'export', 'maria')
    await command('user', 'delete', 'maria')
    expect(await running.stop()).toBe(0)

    const all = rows()
    expect(all.map(({ event }) => event)).toEqual([
      'gateway.started',
      'user.created',
      'login.refused',
      'login.succeeded',
      'access.allowed',
      'access.denied',
      'config.refused',
      'config.reloaded',
      'factor.enrolled',
      'user.changed',
      'admin.limits_cleared',
      'admin.limits_cleared',
      'admin.api_key_created',
      'admin.backup_made',
      'session.revoked',
      'user.changed',
      'user.exported',
      'user.deleted',
      'gateway.stopped',
    ])
    const of = (event: string) => all.find((row) => row.event === event)
    const who = of('user.created')?.user_id
    const session = of('login.succeeded')?.session_id
    expect(who).toBeDefined()
    expect(session).toBeDefined()
    const browsing = { user_id: who, session_id: session, address: '127.0.0.1' }
    expect(of('login.refused')).toMatchObject({ user_id: who, address: '127.0.0.1' })
    expect(of('access.allowed')).toMatchObject({
      ...browsing,
      details: { kind: 'first', host: 'localhost', rule: 'everybody' },
    })
    expect(of('access.denied')).toMatchObject({
      ...browsing,
      details: { rule: 'staff alone', path: '/staff/plans' },
    })
    expect(denied.body).toContain(of('access.denied')?.reference)
    expect(of('gateway.started')?.details).toEqual({ workers })
    expect(of('config.reloaded')?.details).toEqual({ policy: 2 })
    const byCommand = all.filter(({ details }) => details.by === 'command line')
    expect(byCommand).toHaveLength(11)
    expect(byCommand.every(({ details }) => details.operator !== undefined)).toBe(true)
  })

  it('was taken elsewhere too, as it is', async () => {
    const told = siem.posted
      .flatMap(({ body }) => (JSON.parse(body) as { events: Row[] }).events)
      .map(({ event }) => event)
    expect(told.toSorted()).toEqual(names().toSorted())
    expect(program.run(['audit', 'verify']).code).toBe(0)
  })
})
