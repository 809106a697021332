import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'
import { createVisitor } from '../support/visitor.ts'

describe('the configuration of a running gateway', () => {
  let program: Program
  let running: Started
  let port: number
  let portal: string

  const yaml = (routes: string, more = '') => `
portal: { url: ${portal} }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
routes:
${routes}${more}`
  const route = (host: string, rule: string) =>
    `  - { host: ${host}, rules: [{ require: ${rule} }] }\n`
  const keys = async (host: string) =>
    (await createVisitor(port).get(`http://${host}:${port}/.well-known/jwks.json`)).status
  /** Only what is written from here on counts. */
  const next = (pattern: RegExp) =>
    running.until(new RegExp(`^[\\s\\S]{${running.output().length}}[\\s\\S]*(?:${pattern.source})`))

  beforeAll(async () => {
    port = await freePort()
    portal = `http://auth.gw.test:${port}`
    program = createProgram(yaml(route('wiki.gw.test', 'one_factor')))
    expect(program.run(['user', 'add', 'maria'], 'eleven green bottles\n').code).toBe(0)
    running = await program.start()
  })
  afterAll(() => program.end())

  it('is put in force by itself when the file changes, and the log says for whom that matters', async () => {
    expect(await keys('app.gw.test')).toBe(421)
    const reloaded = next(/configuration: access has changed/)
    program.configure(
      yaml(route('wiki.gw.test', 'one_factor') + route('app.gw.test', 'two_factor')),
    )
    await reloaded
    expect(running.output()).toContain('"gains":["maria: /"]')
    expect(await keys('app.gw.test')).toBe(200)
  })

  it('stays the last good one when the file is broken, and the log says why', async () => {
    const refused = next(/the last good one stays in force/)
    program.configure(yaml('  - { host: app.gw.test, rules: [] }\n'))
    await refused
    expect(running.output()).toContain('routes[0].rules')
    expect([await keys('wiki.gw.test'), await keys('app.gw.test')]).toEqual([200, 200])
  })

  it('is read again on SIGHUP; what needs a start is named', async () => {
    program.configure(yaml(route('wiki.gw.test', 'one_factor'), 'store: { path: ./other.db }\n'))
    const reloaded = next(/nobody gains|access has changed/)
    process.kill(running.pid, 'SIGHUP')
    await reloaded
    expect(running.output()).toContain('"key":"store.path"')
    expect(await keys('app.gw.test')).toBe(421)
    expect(await running.stop()).toBe(0)
  })
})
