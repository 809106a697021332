import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { variablesOf } from '../../../src/config/environment.ts'
import { configSchema } from '../../../src/config/schema.ts'
import { A_KEY, aFolder, faultsIn, LEAST, load } from './files.ts'

it('lays a variable over the file', () => {
  const environment = { GATEHOUSE_SESSION_IDLE: '15m', GATEHOUSE_LOGIN_PASSWORD_PASSES: '5' }
  const { config } = load(`${LEAST}session: { idle: 1h, absolute: 2h }`, environment)
  expect(config.session).toMatchObject({ idle: 900, absolute: 7200 })
  expect(config.login.password.passes).toBe(5)
})

it('reads lists at commas, and truth values', () => {
  const environment = {
    GATEHOUSE_TRUSTED_PROXIES: '10.0.0.2, 10.0.0.3',
    GATEHOUSE_LOGIN_REMEMBER_ME: 'false',
  }
  const { config } = load(LEAST, environment)
  expect(config.trusted_proxies).toEqual(['10.0.0.2', '10.0.0.3'])
  expect(config.login.remember_me).toBe(false)
})

it('takes a missing section from variables alone', () => {
  const { config } = load('{}', { GATEHOUSE_PORTAL_URL: 'https://auth.example.com' })
  expect(config.portal.url.hostname).toBe('auth.example.com')
})

it('counts an empty variable as left out', () => {
  expect(load(LEAST, { GATEHOUSE_SESSION_IDLE: '' }).config.session.idle).toBe(1800)
})

it('names the variable that holds a fault', () => {
  const environment = {
    GATEHOUSE_SESSION_IDLE: 'soon',
    GATEHOUSE_TRUSTED_PROXIES: '10.0.0.2,proxy',
  }
  expect(faultsIn(LEAST, environment)).toMatchObject([
    { at: 'GATEHOUSE_TRUSTED_PROXIES', path: 'trusted_proxies[1]' },
    { at: 'GATEHOUSE_SESSION_IDLE', path: 'session.idle' },
  ])
})

it('refuses a variable that belongs to no key, and says which one was meant', () => {
  const [fault] = faultsIn(LEAST, { GATEHOUSE_SESION_IDLE: '15m' })
  expect(fault).toMatchObject({ at: 'GATEHOUSE_SESION_IDLE', path: '' })
  expect(fault?.message).toContain('GATEHOUSE_SESSION_IDLE')
})

it('has no variable for routes', () => {
  expect(faultsIn(LEAST, { GATEHOUSE_ROUTES: 'wiki.example.com' })).toHaveLength(1)
})

it.each(['GATEHOUSE_CONFIG', 'GATEHOUSE_SERVICE_HOST', 'GATEHOUSE_PORT_9091_TCP_ADDR', 'HOME'])(
  'leaves %s alone',
  (name) => {
    expect(faultsIn(LEAST, { [name]: 'tcp://10.0.0.1:9091' })).toEqual([])
  },
)

it('takes a secret from its variable without a warning, or from a file that a variable names', () => {
  const direct = load(LEAST, { GATEHOUSE_STORE_KEY: A_KEY })
  expect(direct.config.store.key).toBe(A_KEY)
  expect(direct.warnings).toEqual([])

  const file = join(aFolder(), 'key')
  writeFileSync(file, `${A_KEY}\n`, { mode: 0o600 })
  expect(load(LEAST, { GATEHOUSE_STORE_KEY_FILE: file }).config.store.key).toBe(A_KEY)
})

it('leaves a section that is none to the schema', () => {
  const faults = faultsIn(`${LEAST}session: short`, { GATEHOUSE_SESSION_IDLE: '15m' })
  expect(faults.map(({ path }) => path)).toEqual(['session'])
})

it('gives every key a name of its own', () => {
  const names = variablesOf(configSchema).flatMap(({ name, secret }) =>
    secret ? [name, `${name}_FILE`] : [name],
  )
  expect(new Set(names).size).toBe(names.length)
  expect(names).not.toContain('GATEHOUSE_CONFIG')
})
