import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import type { Visitor } from '../support/visitor.ts'

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

let recorder: Recorder
let gateway: TestGateway
beforeAll(async () => {
  recorder = await openRecorder()
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes:
  - host: wiki.gw.test
    name: Wiki
    upstream: http://127.0.0.1:${recorder.port}
    rules:
      - { paths: [/public/**], require: bypass }
      - { paths: [/fresh/**], require: two_factor, max_age: 10m }
      - { paths: [/admin/**], groups: [admins], require: two_factor }
      - { paths: [/key/**], require: phishing_resistant }
      - { require: two_factor }
  - host: one.gw.test
    upstream: http://127.0.0.1:${recorder.port}
    rules: [{ require: one_factor }]
  - host: away.gw.test
    rules: [{ require: two_factor }]
`)
})
afterAll(async () => {
  await gateway.close()
  await recorder.close()
})

let number = 0
let name: string
let visitor: Visitor
beforeEach(() => {
  number += 1
  name = `user${number}`
  visitor = gateway.visitor()
  gateway.clock.advance(3600)
})

const wiki = 'https://wiki.gw.test'
const login = (rd: string) => `https://auth.gw.test/login?rd=${encodeURIComponent(rd)}`
const withPassword = (fields = {}) =>
  visitor.submit({ username: name, password: PASSWORD, ...fields })

/** Follows the answer to a form to the page that it leads to. */
async function onward(answer: { location: string | undefined }) {
  expect(answer.location).toBeDefined()
  return visitor.open(answer.location ?? '')
}

describe('a sign-in', () => {
  it('leads a fresh user through password and enrollment to the page that was asked for', async () => {
    const user = await gateway.addUser({ name })
    const rd = `${wiki}/a%20b//c;d?q=%C3%A4&x=[1]`
    const first = await visitor.get(rd)
    expect(first).toMatchObject({
      status: 302,
      location: expect.stringContaining('https://auth.gw.test/login?rd='),
    })
    await visitor.open(first.location ?? '')
    expect(visitor.page.status).toBe(200)
    await onward(await withPassword())
    expect(visitor.page.body).toContain('<svg')
    const done = await visitor.submit({ code: await gateway.code(user.id) })
    expect(done).toMatchObject({ status: 303, location: rd })
    const page = await visitor.get(`${wiki}/page`)
    expect(page.status).toBe(200)
    const seen = Object.fromEntries(
      recorder
        .messages()
        .at(-1)
        ?.headers.map(([key, value]) => [key.toLowerCase(), value]) ?? [],
    )
    expect(seen).toMatchObject({
      'remote-user': name,
      'remote-name': 'Alice Adams',
      'remote-email': 'alice@gw.test',
      'remote-groups': '',
    })
    expect(seen.cookie).toBeUndefined()
  })

  it('asks an enrolled user for a code, and lets a wrong one be mended', async () => {
    const user = await gateway.addUser({ name, secret: SECRET })
    await visitor.open(login(`${wiki}/x`))
    await onward(await withPassword())
    expect(visitor.page.body).not.toContain('<svg xmlns')
    const wrong = await visitor.submit({ code: '000000' })
    expect(wrong.status).toBe(401)
    const right = await visitor.submit({ code: await gateway.code(user.id) })
    expect(right).toMatchObject({ status: 303, location: `${wiki}/x` })
  })

  it('asks for a password alone where one factor is enough', async () => {
    await gateway.addUser({ name, secret: SECRET })
    await visitor.open(login('https://one.gw.test/'))
    expect(await withPassword()).toMatchObject({ status: 303, location: 'https://one.gw.test/' })
  })

  it('ignores a destination that is not ours', async () => {
    await gateway.addUser({ name })
    await visitor.open(login('https://evil.test/'))
    expect(await withPassword()).toMatchObject({ status: 303, location: 'https://auth.gw.test/' })
  })

  it('goes on to a route that another proxy serves', async () => {
    const user = await gateway.addUser({ name, secret: SECRET })
    await visitor.open(login('https://away.gw.test/deep'))
    await onward(await withPassword())
    const done = await visitor.submit({ code: await gateway.code(user.id) })
    expect(done.location).toBe('https://away.gw.test/deep')
  })

  it('never shows the secret again once the first code was right', async () => {
    const user = await gateway.addUser({ name })
    await visitor.open(login(`${wiki}/`))
    await onward(await withPassword())
    const { url } = visitor
    await visitor.submit({ code: await gateway.code(user.id) })
    const { data } = (await gateway.credential(user.id)) ?? {}
    await visitor.open(url)
    expect(visitor.page.body).not.toContain((data as { secret: string }).secret)
  })

  it('refuses a code that was accepted before, in the next sign-in too', async () => {
    const user = await gateway.addUser({ name, secret: SECRET })
    const code = await gateway.code(user.id)
    await visitor.open(login(`${wiki}/`))
    await onward(await withPassword())
    expect((await visitor.submit({ code })).status).toBe(303)
    visitor = gateway.visitor()
    await visitor.open(login(`${wiki}/`))
    await onward(await withPassword())
    expect((await visitor.submit({ code })).status).toBe(401)
  })

  it('ends after five wrong codes', async () => {
    const user = await gateway.addUser({ name, secret: SECRET })
    await visitor.open(login(`${wiki}/`))
    await onward(await withPassword())
    const form = { url: visitor.url, page: visitor.page }
    for (let guess = 1; guess <= 4; guess += 1) {
      expect((await visitor.submit({ code: '111111' })).status).toBe(401)
    }
    expect((await visitor.submit({ code: '111111' })).status).toBe(403)
    Object.assign(visitor, form)
    const late = await visitor.submit({ code: await gateway.code(user.id) })
    expect(late.location).toContain('/login?rd=')
  })

  it('belongs to the browser that began it', async () => {
    const user = await gateway.addUser({ name, secret: SECRET })
    await visitor.open(login(`${wiki}/`))
    await onward(await withPassword())
    const other = gateway.visitor()
    await other.open(login(`${wiki}/`))
    other.url = visitor.url
    other.page = {
      ...other.page,
      body: other.page.body.replace(/action="[^"]*"/, `action="${visitor.url}"`),
    }
    const stolen = await other.submit({ code: await gateway.code(user.id) })
    expect(stolen.location).toContain('/login?rd=')
    expect(other.jar.has('__Secure-gatehouse')).toBe(false)
  })

  it('works in several tabs at once, and a late tab goes on to its own page', async () => {
    const user = await gateway.addUser({ name, secret: SECRET })
    await visitor.open(login(`${wiki}/one`))
    const tabOne = { url: visitor.url, page: visitor.page }
    await visitor.open(login(`${wiki}/two`))
    await onward(await withPassword())
    const done = await visitor.submit({ code: await gateway.code(user.id) })
    expect(done.location).toBe(`${wiki}/two`)
    // The first tab still shows the sign-in page; reloading it, or posting it, gets there as well.
    expect((await visitor.get(tabOne.url)).location).toBe(`${wiki}/one`)
  })

  it('starts again by itself when it took too long, and keeps the destination', async () => {
    const user = await gateway.addUser({ name, secret: SECRET })
    await visitor.open(login(`${wiki}/kept`))
    await onward(await withPassword())
    gateway.clock.advance(601)
    const late = await visitor.submit({ code: await gateway.code(user.id) })
    expect(late).toMatchObject({ status: 303, location: login(`${wiki}/kept`) })
  })

  it('ends the session of whoever was signed in here before', async () => {
    const bob = await gateway.addUser({ name: `${name}bob` })
    await gateway.addUser({ name })
    await visitor.open(login('https://one.gw.test/'))
    await visitor.submit({ username: bob.name, password: PASSWORD })
    const old = visitor.jar.get('__Secure-gatehouse')
    visitor.jar.delete('__Secure-gatehouse')
    await visitor.open(login('https://one.gw.test/'))
    visitor.jar.set('__Secure-gatehouse', old ?? { value: '', domain: '', hostOnly: false })
    await withPassword()
    const back = gateway.visitor()
    back.jar.set('__Secure-gatehouse', old ?? { value: '', domain: '', hostOnly: false })
    expect((await back.get('https://one.gw.test/')).status).toBe(302)
  })
})

describe('a step-up', () => {
  const signIn = async (rd: string, secret?: string) => {
    const user = await gateway.addUser({ name, ...(secret ? { secret } : {}) })
    await visitor.open(login(rd))
    const answer = await withPassword()
    if (answer.location?.includes('/login/')) {
      await onward(answer)
      await visitor.submit({ code: await gateway.code(user.id) })
    }
    return user
  }

  it('asks for the code alone, and changes the session’s id', async () => {
    const user = await signIn('https://one.gw.test/', SECRET)
    const before = visitor.jar.get('__Secure-gatehouse')?.value
    const up = await visitor.get(`${wiki}/`)
    expect(up.status).toBe(302)
    await onward(up)
    expect(visitor.page.body).not.toContain('name="password"')
    const done = await visitor.submit({ code: await gateway.code(user.id) })
    expect(done.location).toBe(`${wiki}/`)
    expect(visitor.jar.get('__Secure-gatehouse')?.value).not.toBe(before)
    const old = gateway.visitor()
    old.jar.set('__Secure-gatehouse', { value: before ?? '', domain: 'gw.test', hostOnly: false })
    expect((await old.get('https://one.gw.test/')).status).toBe(302)
  })

  it('asks for a fresh code when the proof is too old for the page', async () => {
    const user = await signIn(`${wiki}/`, SECRET)
    expect((await visitor.get(`${wiki}/fresh/x`)).status).toBe(200)
    gateway.clock.advance(601)
    expect((await visitor.get(`${wiki}/`)).status).toBe(200)
    await onward(await visitor.get(`${wiki}/fresh/x`))
    expect(visitor.page.body).toContain('10 minutes')
    const done = await visitor.submit({ code: await gateway.code(user.id) })
    expect(done.location).toBe(`${wiki}/fresh/x`)
    expect((await visitor.get(`${wiki}/fresh/x`)).status).toBe(200)
  })

  it('says so when nothing that a person has can be enough, and does not loop', async () => {
    await signIn(`${wiki}/`, SECRET)
    const answer = await visitor.open(`${wiki}/key/x`)
    expect(answer.status).toBe(403)
  })

  it('never loops for a person who is denied', async () => {
    await signIn(`${wiki}/`, SECRET)
    const denied = await visitor.get(`${wiki}/admin/x`)
    expect(denied.status).toBe(403)
    expect(denied.location).toBeUndefined()
    expect(denied.body).toMatch(/[0-9A-Z]{4}-[0-9A-Z]{4}/)
  })
})

describe('a wrong guess', () => {
  it('looks the same for an unknown name, a wrong password and a disabled user', async () => {
    await gateway.addUser({ name })
    await gateway.addUser({ name: `${name}off`, status: 'disabled' })
    const answers = []
    for (const [username, password] of [
      [name, 'wrong password'],
      [`${name}off`, PASSWORD],
      [`${name}who`, PASSWORD],
    ] as const) {
      const fresh = gateway.visitor()
      await fresh.open(login(`${wiki}/`))
      const { status, body, headers, cookies } = await fresh.submit({ username, password })
      const plain = body.replaceAll(username, 'NAME').replace(/name="csrf" value="[^"]+"/, '')
      answers.push({ status, plain, names: Object.keys(headers), cookies: cookies.length })
    }
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    expect(answers[0]?.status).toBe(401)
  })

  it('slows an account down for strangers, whether it exists or not, and not for a known browser', async () => {
    await gateway.addUser({ name, secret: SECRET })
    await visitor.open(login('https://one.gw.test/'))
    expect((await withPassword()).status).toBe(303)
    const known = visitor.jar.get('__Host-gatehouse-browser')

    for (const username of [name, `${name}nobody`]) {
      const stranger = gateway.visitor()
      await stranger.open(login('https://one.gw.test/'))
      const statuses = []
      for (let guess = 0; guess < 11; guess += 1) {
        statuses.push((await stranger.submit({ username, password: 'wrong' })).status)
      }
      expect(statuses.at(-2)).toBe(401)
      expect(statuses.at(-1)).toBe(429)
      gateway.clock.advance(600)
    }
    visitor = gateway.visitor()
    visitor.jar.set('__Host-gatehouse-browser', known ?? { value: '', domain: '', hostOnly: true })
    await visitor.open(login('https://one.gw.test/'))
    expect((await withPassword()).status).toBe(303)
  })

  it('keeps the name and never the password in the page', async () => {
    await visitor.open(login(`${wiki}/`))
    await visitor.submit({ username: 'so"me<b>', password: 'secret words' })
    expect(visitor.page.body).toContain('so&quot;me&lt;b&gt;')
    expect(visitor.page.body).not.toContain('secret words')
  })

  it('counts each of fifty parallel codes, and takes one of fifty right ones', async () => {
    const user = await gateway.addUser({ name, secret: SECRET })
    const code = await gateway.code(user.id)
    await visitor.open(login(`${wiki}/`))
    await onward(await withPassword())
    const answers = await Promise.all(Array.from({ length: 50 }, () => visitor.submit({ code })))
    const signedIn = answers.filter(({ cookies }) =>
      cookies.some((line) => line.startsWith('__Secure-gatehouse=')),
    )
    expect(signedIn).toHaveLength(1)
    expect(await gateway.store.sessions.listByUser(user.id)).toHaveLength(1)
  })
})

describe('signing out', () => {
  beforeEach(async () => {
    await gateway.addUser({ name })
    await visitor.open(login('https://one.gw.test/'))
    await withPassword()
  })

  it('ends the session here, at the very next request', async () => {
    expect((await visitor.get('https://one.gw.test/')).status).toBe(200)
    const cookie = visitor.jar.get('__Secure-gatehouse')
    await visitor.open('https://auth.gw.test/logout')
    await visitor.submit({ scope: 'here' })
    expect(visitor.jar.has('__Secure-gatehouse')).toBe(false)
    visitor.jar.set('__Secure-gatehouse', cookie ?? { value: '', domain: '', hostOnly: false })
    expect((await visitor.get('https://one.gw.test/')).status).toBe(302)
  })

  it('ends all sessions everywhere', async () => {
    const elsewhere = gateway.visitor()
    await elsewhere.open(login('https://one.gw.test/'))
    await elsewhere.submit({ username: name, password: PASSWORD })
    await visitor.open('https://auth.gw.test/logout')
    await visitor.submit({ scope: 'everywhere' })
    expect((await elsewhere.get('https://one.gw.test/')).status).toBe(302)
  })

  it('does not happen by looking', async () => {
    await visitor.open('https://auth.gw.test/logout')
    expect((await visitor.get('https://one.gw.test/')).status).toBe(200)
  })
})
