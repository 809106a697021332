import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBreaches } from '../../../src/risk/breaches.ts'
import { stillClock } from '../../support/still-clock.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-breaches-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const digest = (password: string) => createHash('sha1').update(password).digest('hex').toUpperCase()
const leaked = Array.from({ length: 3000 }, (_, number) => `password ${number}`)
const sorted = leaked.map(digest).sort()

let number = 0
function open(content: string | undefined) {
  number += 1
  const path = join(folder, String(number))
  if (content !== undefined) writeFileSync(path, content)
  const told: (string | undefined)[] = []
  const breaches = openBreaches({ path, clock: stillClock(), told: (fault) => told.push(fault) })
  return { breaches, told }
}

describe('a list of leaked passwords', () => {
  it.each<[string, string]>([
    ['whole digests with counts', sorted.map((it, at) => `${it}:${at ** 2}`).join('\r\n')],
    ['whole digests', `${sorted.join('\n')}\n`],
    ['prefixes', `${sorted.map((it) => it.slice(0, 10)).join('\n')}\n`],
    ['small letters', sorted.map((it) => it.toLowerCase()).join('\n')],
  ])('finds everything that is on it, and nothing else: %s', async (_, content) => {
    const { breaches, told } = open(content)
    const some = leaked.filter((_, at) => at % 7 === 0)
    expect(await Promise.all(some.map((it) => breaches.has(it)))).toEqual(some.map(() => true))
    for (const edge of [sorted[0], sorted.at(-1)]) {
      const password = leaked.find((it) => digest(it) === edge) ?? ''
      expect(await breaches.has(password)).toBe(true)
    }
    const others = Array.from({ length: 100 }, (_, at) => `another ${at}`)
    expect(await Promise.all(others.map((it) => breaches.has(it)))).toEqual(others.map(() => false))
    expect(told).toEqual([undefined])
  })

  it('may have one line', async () => {
    const { breaches } = open(digest('secret'))
    expect(await breaches.has('secret')).toBe(true)
    expect(await breaches.has('other')).toBe(false)
  })

  it.each<[string, string | undefined]>([
    ['missing', undefined],
    ['empty', ''],
    ['something else', 'hunter2\npassword\n'],
    ['of short digests', 'ABCDE\nABCDF\n'],
    ['not sorted', `${sorted.toReversed().join('\n')}\n`],
    [
      'of two forms',
      [...sorted.slice(0, 900), ...sorted.slice(900).map((it) => it.slice(0, 10))].join('\n'),
    ],
  ])('says nothing when it is %s, and that it is', async (_, content) => {
    const { breaches, told } = open(content)
    expect(await breaches.has('password 1')).toBeUndefined()
    expect(told).toEqual([expect.stringMatching(/./)])
  })
})
