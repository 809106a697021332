import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { EVENT_NAMES } from '../../../src/model/event.ts'

it('docs/audit.md says of every fact what it is, and of no other', () => {
  const page = readFileSync(new URL('../../../docs/audit.md', import.meta.url), 'utf8')
  const told = [...page.matchAll(/^\| `([a-z_.]+)` \| \S/gm)].map(([, name]) => name)
  expect(told.toSorted()).toEqual([...EVENT_NAMES].toSorted())
})
