import { describe, expect, it } from 'vitest'
import { DataPage } from '../../../views/account/data.tsx'
import { FactorPage, RemoveFactor } from '../../../views/account/factor.tsx'
import { Factors } from '../../../views/account/factors.tsx'
import { History } from '../../../views/account/history.tsx'
import { ConfirmMail, Mail } from '../../../views/account/mail.tsx'
import { Name } from '../../../views/account/name.tsx'
import { Overview } from '../../../views/account/overview.tsx'
import { NewPassword } from '../../../views/account/password.tsx'
import { DownloadData, EraseAccount } from '../../../views/account/personal.tsx'
import { Renew } from '../../../views/account/renew.tsx'
import { EndSession, SessionList } from '../../../views/account/sessions.tsx'
import type { Brand } from '../../../views/brand.ts'
import { page } from '../../../views/page.ts'
import { Undo, UndoClosed, Undone } from '../../../views/undo.tsx'

const hostile = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
const brand: Brand = {
  name: hostile,
  css: [hostile],
  logo: hostile,
  icon: hostile,
  home: hostile,
  links: [],
}
const form = { brand, action: hostile, csrf: hostile, back: hostile }
const at = { text: hostile, iso: hostile }
const wait = { until: hostile, seconds: 30 }
const factor = { label: hostile, title: hostile, facts: [hostile], added: at, lastUsed: at }
const session = { device: hostile, address: hostile, lastSeen: at }

const attacked = {
  Overview: Overview({
    brand,
    user: { displayName: hostile, name: `${hostile}2` },
    parts: [{ title: hostile, detail: hostile, href: hostile }],
    hints: [{ sentence: hostile, label: hostile, href: hostile }],
    frozen: hostile,
    done: hostile,
    signOut: hostile,
  }),
  Name: Name({ ...form, displayName: hostile, userName: hostile, problem: hostile }),
  Mail: Mail({ ...form, email: hostile, typed: hostile, canConfirm: true, problem: hostile, wait }),
  ConfirmMail: ConfirmMail({ ...form, address: hostile, problem: hostile, again: hostile }),
  NewPassword: NewPassword({
    ...form,
    userName: hostile,
    minimumLength: 8,
    problem: { field: 'password', message: hostile },
  }),
  Factors: Factors({
    ...form,
    factors: [{ ...factor, disabled: true, warning: hostile, href: hostile }],
    add: hostile,
    done: hostile,
    remaining: [{ hostile }],
    endOthers: hostile,
  }),
  FactorPage: FactorPage({
    ...form,
    ...factor,
    problem: hostile,
    done: hostile,
    remove: hostile,
    anew: { action: hostile, kind: hostile },
  }),
  RemoveFactor: RemoveFactor({ ...form, label: hostile, title: hostile, loss: 'nothing' }),
  SessionList: SessionList({
    ...form,
    sessions: [{ ...session, since: at, provedBy: hostile, here: false, end: hostile }],
    endOthers: hostile,
    done: hostile,
  }),
  EndSession: EndSession({ ...form, session, others: 1 }),
  History: History({
    ...form,
    events: [{ at, what: hostile, from: hostile, odd: true }],
    more: true,
    password: hostile,
  }),
  DataPage: DataPage({
    ...form,
    download: hostile,
    erase: hostile,
    kept: [{ what: hostile, detail: hostile }],
    told: [{ what: hostile, detail: hostile }],
  }),
  DownloadData: DownloadData(form),
  EraseAccount: EraseAccount({ ...form, userName: hostile, problem: hostile }),
  Renew: Renew({
    brand,
    used: [hostile],
    add: hostile,
    factors: hostile,
    destination: { name: hostile, host: `${hostile}.example.com` },
    onward: hostile,
  }),
  Undo: Undo({ brand, action: hostile, csrf: hostile, token: hostile }),
  Undone: Undone({
    brand,
    setAside: [hostile],
    confirming: ['Chrome on Android'],
    password: true,
    email: true,
    closedUntil: at,
    newPassword: hostile,
    signIn: hostile,
    help: hostile,
  }),
  'FactorPage contested': FactorPage({
    ...form,
    ...factor,
    contested: { at, restore: hostile },
    remove: hostile,
  }),
  UndoClosed: UndoClosed({ brand, history: hostile }),
}

describe('a hostile text on a page of the account', () => {
  it.each(Object.entries(attacked))('is only ever text: %s', (_, element) => {
    const html = page(element)
    expect(html).toContain('&lt;script&gt;alert(1)')
    expect(html).not.toMatch(/<script>|<img src=x|"'>/)
  })
})
