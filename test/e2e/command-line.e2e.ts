import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'

const PASSWORD = 'eleven green bottles'
let program: Program
let port: number
let config: string
beforeEach(async () => {
  port = await freePort()
  config = `portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
routes: [{ host: localhost, rules: [{ require: two_factor }] }]
store: { path: ./gatehouse.db }
`
  program = createProgram(config)
})
afterEach(() => program.end())

const files = () => readdirSync(program.folder).sort()

describe('a start that cannot be', () => {
  const refuses = (words: RegExp, args = ['serve']) => {
    const before = files()
    const { code, err } = program.run(args)
    expect(err).toMatch(words)
    expect(err).not.toMatch(/\n\s+at /)
    expect(code).toBe(1)
    expect(files()).toEqual(before)
  }

  it('says which line of the file is no YAML', () => {
    program.configure(`${config}routes: [\n`)
    refuses(/config\.yaml:\d+/)
  })

  it('names every unknown key at once, with what was meant', () => {
    program.configure(config.replace('listen:', 'lisen:').replace('rules:', 'rulse:'))
    refuses(/lisen[\s\S]*did you mean "listen"[\s\S]*rulse[\s\S]*did you mean "rules"/)
  })

  it('says that there is no such file', () => {
    rmSync(program.configFile)
    refuses(/config\.yaml/)
  })

  it('says that the port is in use', async () => {
    const other = createServer().listen(port, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    refuses(new RegExp(`${port} is in use`))
    other.close()
  })

  it('says that the key belongs to another database', () => {
    program.run(['user', 'add', 'maria'], `${PASSWORD}\n`)
    writeFileSync(join(program.folder, 'gatehouse.key'), randomBytes(32).toString('base64'))
    refuses(/key does not belong/)
  })

  it('says that the key file is no file', () => {
    program.configure(
      config.replace('./gatehouse.db', './gatehouse.db, key: { file: ./missing-key }'),
    )
    refuses(/config\.yaml:\d+[\s\S]*missing-key/)
  })

  it('checks the file and touches nothing else', () => {
    const { code, out } = program.run(['check'])
    expect(code).toBe(0)
    expect(out).toMatch(/1 route, no faults/)
    expect(files()).toEqual(['config.yaml'])
  })
})

describe('users on the command line', () => {
  const user = (...args: string[]) => program.run(['user', ...args])
  const add = (name: string, password = PASSWORD) =>
    program.run(['user', 'add', name], `${password}\n`)

  it('are added, listed, changed and deleted', () => {
    expect(add('maria')).toMatchObject({ code: 0, out: 'maria: added\n' })
    expect(user('groups', 'MARIA', 'staff,editors').code).toBe(0)
    expect(user('list').out).toMatch(/maria\s+active\s+staff,editors/)
    expect(user('show', 'maria').out).toMatch(/password\s+set/)
    expect(user('disable', 'maria').code).toBe(0)
    expect(user('show', 'maria').out).toMatch(/status\s+disabled/)
    expect(user('enable', 'maria').code).toBe(0)
    expect(program.run(['user', 'password', 'maria'], 'another long password\n').code).toBe(0)
    expect(user('delete', 'maria').code).toBe(0)
    expect(user('show', 'maria').code).toBe(1)
  })

  it('are refused with a sentence when something is wrong with them', () => {
    add('maria')
    expect(add('Maria').err).toMatch(/already/)
    expect(add('eve', 'short').err).toMatch(/at least 8 characters/)
    expect(add('eve', 'password123').err).toMatch(/list/)
    expect(add('a b').err).toMatch(/letters/)
    expect(add('eve', '').code).toBe(1)
    expect(user('groups', 'nobody', 'x').err).toMatch(/no user "nobody"/)
    expect(user('ad', 'x').code).toBe(2)
    expect(user('list').out).not.toContain('eve')
  })

  it('come one at a time: a second name is no name to be passed over', () => {
    add('maria')
    add('eve')
    expect(user('disable', 'maria', 'eve').code).toBe(2)
    expect(user('list', 'maria').code).toBe(2)
    expect(program.run(['session', 'revoke', 'maria', 'one', 'two']).code).toBe(2)
    expect(program.run(['factor', 'list', 'maria', 'eve']).code).toBe(2)
    expect(user('list').out).toMatch(/eve\s+active[\s\S]*maria\s+active/)
  })

  it('are looked for where there is a database, and nowhere else', () => {
    const before = files()
    for (const args of [
      ['user', 'list'],
      ['session', 'list', 'x'],
      ['backup', 'copy.db'],
    ]) {
      const { code, err } = program.run(args)
      expect(err).toMatch(/no database/)
      expect(code).toBe(1)
    }
    expect(files()).toEqual(before)
  })

  it('never take a password as an argument', () => {
    expect(program.run(['user', 'add', 'eve', '--password', PASSWORD]).code).toBe(2)
  })
})

describe('the running program', () => {
  it('prints a set-up link anew at each start, until there is a user', async () => {
    const first = await program.start()
    const [, one = ''] = await first.until(/(http:\S+setup\?token=\S+)/)
    await first.stop()
    const second = await program.start()
    const [, two = ''] = await second.until(/(http:\S+setup\?token=\S+)/)
    expect(two).not.toBe(one)
    expect((await fetch(one)).status).toBe(403)
    expect((await fetch(two)).status).toBe(200)
    await second.stop()
    program.run(['user', 'add', 'maria'], `${PASSWORD}\n`)
    const third = await program.start()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(third.output()).not.toContain('token=')
  })

  it('is copied while it runs, and the copy is a whole database', async () => {
    await program.start()
    program.run(['user', 'add', 'maria'], `${PASSWORD}\n`)
    const copy = join(program.folder, 'copy.db')
    expect(program.run(['backup', copy]).out).toMatch(/written/)
    expect(statSync(copy).mode & 0o077).toBe(0)
    expect(program.run(['backup', copy])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/exists/),
    })
    const restored = createProgram(config)
    writeFileSync(join(restored.folder, 'gatehouse.db'), readFileSync(copy))
    writeFileSync(
      join(restored.folder, 'gatehouse.key'),
      readFileSync(join(program.folder, 'gatehouse.key')),
    )
    expect(restored.run(['user', 'list']).out).toContain('maria')
    await restored.end()
  })

  it('tells how it is, apart from the doors, and ends in peace on SIGTERM', async () => {
    const health = await freePort()
    program.configure(config.replace('127.0.0.1:0', `127.0.0.1:${health}`))
    const serving = await program.start()
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${health}${path}`)).status
    expect(await status('/health/live')).toBe(200)
    expect(await status('/health/ready')).toBe(200)
    expect(await status('/')).toBe(404)
    expect(await serving.stop('SIGTERM')).toBe(0)
    expect(existsSync(join(program.folder, 'gatehouse.db-wal'))).toBe(false)
  })
})
