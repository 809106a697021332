import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/base/errors.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aCredential, aUser } from '../../support/builders.ts'

const someKey = () => randomBytes(32)
const written = (key: Uint8Array) => Buffer.from(key).toString('base64')

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  path = join(folder, 'gatehouse.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (key: Uint8Array) => openSqlite({ path, key: written(key) }, { create: true })

async function opens(key: Uint8Array): Promise<boolean> {
  try {
    const { store } = await open(key)
    await store.close()
    return true
  } catch (cause) {
    expect(cause).toBeInstanceOf(OperatorError)
    return false
  }
}

describe('a secret key that is exchanged', () => {
  it('opens the database beside the one before, until that is shut out', async () => {
    const [first, second] = [someKey(), someKey()]
    const before = await open(first)
    const user = aUser()
    await before.store.users.insert(user)
    await before.store.credentials.insert(aCredential({ userId: user.id, data: { secret: 's' } }))
    await before.store.secretKey.admit(second)
    await before.store.close()
    expect(await opens(first)).toBe(true)

    const after = await open(second)
    expect((await after.store.credentials.listByUser(user.id))[0]?.data).toEqual({ secret: 's' })
    // Everything else that follows from it is the same: sessions, hashes of passwords, the trail.
    for (const purpose of ['cookie', 'pepper', 'trail', 'seal'] as const)
      expect(after.keyring(purpose)).toEqual(before.keyring(purpose))
    expect(await after.store.secretKey.settle()).toBe(1)
    await after.store.close()
    expect([await opens(first), await opens(second)]).toEqual([false, true])
  })

  it('is not shut out by a start with the one before', async () => {
    const [first, second] = [someKey(), someKey()]
    const { store } = await open(first)
    await store.secretKey.admit(second)
    expect(await store.secretKey.settle()).toBe(0)
    await store.close()
    expect([await opens(first), await opens(second)]).toEqual([true, true])
  })

  it('may be exchanged again and again', async () => {
    let current = someKey()
    const all = [current]
    for (let round = 0; round < 4; round += 1) {
      const next = someKey()
      const { store } = await open(current)
      await store.secretKey.admit(next)
      await store.secretKey.settle(next)
      await store.close()
      all.push(next)
      current = next
    }
    const opening = []
    for (const key of all) opening.push(await opens(key))
    expect(opening).toEqual([false, false, false, false, true])
  })
})
