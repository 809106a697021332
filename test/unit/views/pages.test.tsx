import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Brand } from '../../../views/brand.ts'
import { DemoAdmin } from '../../../views/demo/demo-admin.tsx'
import { DemoForm } from '../../../views/demo/demo-form.tsx'
import { DemoHome } from '../../../views/demo/demo-home.tsx'
import { DemoInbox } from '../../../views/demo/demo-inbox.tsx'
import { EnrollTotp } from '../../../views/enroll-totp.tsx'
import { EnterCode } from '../../../views/enter-code.tsx'
import { EnterPassword } from '../../../views/enter-password.tsx'
import { Home } from '../../../views/home.tsx'
import { page } from '../../../views/page.ts'
import { Refused } from '../../../views/refused.tsx'
import { SetUp } from '../../../views/set-up.tsx'
import { SetUpClosed } from '../../../views/set-up-closed.tsx'
import { SignIn } from '../../../views/sign-in.tsx'
import { SignOut } from '../../../views/sign-out.tsx'
import { SignedOut } from '../../../views/signed-out.tsx'
import { Trouble } from '../../../views/trouble.tsx'
import { gallery } from '../../support/gallery.tsx'

// Mails are read elsewhere, and may have styles of their own.
const portal = gallery.filter(({ name }) => !/^(demo|mail)/.test(name))

describe('every page of the portal', () => {
  it.each(portal)('is what the content security policy allows: $name', ({ html }) => {
    const others = html.replace(/<script src="\/assets\/[a-z]+\.js" defer=""><\/script>/g, '')
    expect(others).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=|<iframe|javascript:/i)
    // A text to be kept is no part of the page.
    expect(html.replaceAll('href="data:text/plain', '')).not.toContain('="data:')
  })

  it.each(portal)('posts a token against forged requests: $name', ({ html }) => {
    for (const [form] of html.matchAll(/<form .*?<\/form>/gs)) {
      expect(form).toContain('method="post"')
      expect(form).toContain('type="hidden" name="csrf" value="')
    }
  })

  it.each(portal)(
    'has one heading of the first order and one primary button: $name',
    ({ html }) => {
      expect(html.match(/<h1/g)).toHaveLength(1)
      expect(html.match(/class="[^"]*\bprimary\b/g)?.length ?? 0).toBeLessThanOrEqual(1)
    },
  )

  // The reference speaks to programmers.
  const plain = portal.filter(({ name }) => name !== 'api reference')
  it.each(plain)('speaks plainly: $name', ({ html }) => {
    const text = html.replace(/<[^>]*>/g, ' ')
    expect(text).not.toMatch(/\b(2FA|MFA|OTP|TOTP|AAL|credentials?|tokens?)\b/i)
  })

  it.each(portal)('ties each problem to a field or reads it aloud: $name', ({ html }) => {
    for (const [, ids = ''] of html.matchAll(/aria-describedby="([^"]*)"/g)) {
      for (const id of ids.split(' ')) expect(html).toContain(`id="${id}"`)
    }
    const problems = html.match(/class="problem"/g)?.length ?? 0
    expect(html.match(/role="alert"/g)?.length ?? 0).toBe(problems)
  })
})

describe('page', () => {
  it('begins with the document type', () => {
    expect(page(<p>x</p>)).toBe('<!doctype html><p>x</p>')
  })

  it('has another title for each kind of page', () => {
    const kinds = ['sign-in', 'enter-code', 'enter-password', 'enroll-totp', 'home', 'sign-out']
    const titles = kinds.map((kind) => titleOf(gallery.find(({ name }) => name === kind)?.html))
    expect(new Set(titles).size).toBe(kinds.length)
    expect(titles).toContain('Enter your code · Gatehouse')
  })

  it('keeps the sign-in page and its style sheet under 30 KB', async () => {
    const css = await readFile(new URL('../../../views/assets/portal.css', import.meta.url))
    const heaviest = Math.max(
      ...gallery
        .filter(({ name }) => name.startsWith('sign-in'))
        .map(({ html }) => Buffer.byteLength(html)),
    )
    expect(css.byteLength + heaviest).toBeLessThan(30_000)
  })
})

it('leads on from trouble that names no way', () => {
  const brand = {
    name: 'Gatehouse',
    css: [],
    icon: '',
    home: 'https://auth.example.com/',
    links: [],
  }
  const html = page(Trouble({ brand, title: 'Trouble', sentences: [], actions: [] }))
  expect(html).toMatch(/<main.*href="https:\/\/auth\.example\.com\/".*<\/main>/s)
})

const hostile = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
const brand: Brand = {
  name: hostile,
  css: [hostile],
  logo: hostile,
  icon: hostile,
  home: hostile,
  links: [{ label: hostile, href: hostile }],
}
const form = { brand, action: hostile, csrf: hostile }
const destination = { name: hostile, host: `${hostile}.example.com` }
const wait = { until: hostile, seconds: 30 }
const who = { user: hostile, notYou: hostile }
const person = { displayName: hostile, name: `${hostile}2` }
const headers = [true, false].map((ours) => ({ name: hostile, value: hostile, ours }))
const prompt = { ...form, ...who, destination, reason: hostile, problem: hostile, wait }

const attacked = {
  SignIn: SignIn({
    ...form,
    rd: hostile,
    userName: hostile,
    problem: hostile,
    wait,
    destination,
    offerRemember: true,
  }),
  EnterCode: EnterCode({ ...prompt, digits: 6, from: hostile, triesLeft: 2 }),
  EnterPassword: EnterPassword({ ...prompt, userName: hostile }),
  EnrollTotp: EnrollTotp({ ...prompt, qrSvg: '<svg/>', secret: hostile, uri: hostile, digits: 6 }),
  Home: Home({
    brand,
    user: person,
    applications: [{ name: hostile, host: `${hostile}1`, url: hostile, asks: hostile }],
    signOut: hostile,
    account: hostile,
    hints: [{ sentence: hostile, label: hostile, href: hostile }],
  }),
  'Home, empty': Home({
    brand,
    user: person,
    applications: [],
    signOut: hostile,
    account: hostile,
    hints: [],
  }),
  SignOut: SignOut({ ...form, user: hostile, sessions: 2, home: hostile }),
  SignedOut: SignedOut({ brand, everywhere: false, signIn: hostile }),
  Refused: Refused({
    brand,
    user: person,
    host: hostile,
    reason: 'not_a_member',
    reference: hostile,
    switchUser: hostile,
    home: hostile,
    help: hostile,
  }),
  Trouble: Trouble({
    brand,
    title: hostile,
    sentences: [hostile],
    reference: hostile,
    actions: [{ label: hostile, href: hostile }],
  }),
  SetUp: SetUp({
    ...form,
    token: hostile,
    userName: hostile,
    displayName: hostile,
    email: hostile,
    problem: { field: 'email', message: hostile },
    minimumLength: 15,
  }),
  SetUpClosed: SetUpClosed({ brand, reason: 'used', signIn: hostile }),
  DemoHome: DemoHome({ headers, user: hostile, note: hostile }),
  DemoForm: DemoForm({ received: [{ name: hostile, value: hostile }] }),
  DemoAdmin: DemoAdmin({ user: hostile, headers }),
  DemoInbox: DemoInbox({
    messages: [{ as: 'Mail', to: hostile, at: '14:03:20', subject: hostile, text: hostile }],
    users: [
      {
        name: hostile,
        password: hostile,
        groups: [hostile],
        codes: [{ label: hostile, code: hostile, secondsLeft: 3 }],
        requests: [{ text: hostile, href: '/' }],
      },
    ],
  }),
}

describe('a hostile text', () => {
  it.each(Object.entries(attacked))('is only ever text: %s', (_, element) => {
    const html = page(element)
    expect(html).toContain('&lt;script&gt;alert(1)')
    expect(html).not.toMatch(/<script>|<img src=x|"'>|"'&gt;(?<!&quot;&#39;&gt;)/)
  })
})

describe('SignIn', () => {
  const props = { brand, action: '/login', csrf: 'c', offerRemember: true }

  it('asks for the name first, and for the password when the name is known', () => {
    expect(fieldsInFocus(page(<SignIn {...props} />))).toEqual(['username'])
    expect(fieldsInFocus(page(<SignIn {...props} userName="maria" />))).toEqual(['password'])
  })

  it('keeps the name that was typed', () => {
    expect(page(<SignIn {...props} userName="maria" problem="No." />)).toContain('value="maria"')
  })

  it('carries the destination along only when there is one', () => {
    expect(page(<SignIn {...props} rd="https://a.example/" />)).toContain(
      'name="rd" value="https://a.example/"',
    )
    expect(page(<SignIn {...props} />)).not.toContain('name="rd"')
  })

  it('marks the fields after a wrong answer, and not while one has to wait', () => {
    const wrong = page(<SignIn {...props} problem="No." />)
    const early = page(<SignIn {...props} wait={{ until: '14:32:05', seconds: 45 }} />)
    expect(wrong.match(/aria-invalid="true"/g)).toHaveLength(2)
    expect(early).not.toContain('aria-invalid')
    expect(early).toContain('<time datetime="14:32:05">14:32:05</time> UTC')
  })
})

describe('EnterCode', () => {
  const props = {
    brand,
    action: '/',
    csrf: 'c',
    digits: 6,
    from: 'App',
    user: 'Maria',
    notYou: '/',
  }

  it('is one field that takes a pasted code with spaces', () => {
    const html = page(<EnterCode {...props} />)
    expect(html.match(/name="code"/g)).toHaveLength(1)
    expect(html).toContain('inputmode="numeric" autocomplete="one-time-code"')
    expect(html).not.toContain('maxlength')
  })

  it.each([
    [1, 'One try is left.'],
    [3, '3 tries are left.'],
    [4, undefined],
  ])('tells the number of tries left when it is small: %i', (triesLeft, told) => {
    const html = page(<EnterCode {...props} problem="No." triesLeft={triesLeft} />)
    expect(/[^.>]* (?:is|are) left\./.exec(html)?.[0].trim()).toBe(told)
  })
})

describe('EnrollTotp', () => {
  it('shows the key in groups of four, and leaves no spaces in a copy of it', () => {
    const props = {
      brand,
      action: '/',
      csrf: 'c',
      digits: 6,
      from: 'App',
      user: 'Maria',
      notYou: '/',
    }
    const html = page(<EnrollTotp {...props} qrSvg="<svg/>" secret="ABCDEFGHIJ" uri="otpauth:x" />)
    expect(html).toContain('<span>ABCD</span><wbr/><span>EFGH</span><wbr/><span>IJ</span>')
  })
})

const titleOf = (html = '') => /<title>(.*?)<\/title>/.exec(html)?.[1]

const fieldsInFocus = (html: string) =>
  [...html.matchAll(/<input [^>]*>/g)]
    .map(([input]) => input)
    .filter((input) => input.includes('autofocus'))
    .map((input) => /name="(.*?)"/.exec(input)?.[1])
