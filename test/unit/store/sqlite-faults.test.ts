import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { OperatorError } from '../../../src/base/errors.ts'
import { translate } from '../../../src/store/sqlite-faults.ts'

const systemError = (code: string) => Object.assign(new Error(code), { code })

it.each([
  ['SQLITE_NOTADB', /damaged/],
  ['SQLITE_CORRUPT', /damaged/],
  ['SQLITE_CORRUPT_INDEX', /damaged/],
  ['SQLITE_CANTOPEN', /opened/],
  ['SQLITE_CANTOPEN_ISDIR', /opened/],
  ['SQLITE_READONLY', /written/],
  ['SQLITE_READONLY_DIRECTORY', /written/],
  ['SQLITE_READONLY_CANTINIT', /written/],
  ['SQLITE_FULL', /space/],
  ['SQLITE_BUSY', /held/],
  ['SQLITE_BUSY_RECOVERY', /held/],
])('turns %s into a sentence that names the file', (code, words) => {
  const told = translate(new Database.SqliteError('said at length', code), '/data/gatehouse.db')
  expect(told).toBeInstanceOf(OperatorError)
  expect(String(told)).toMatch(words)
  expect(String(told)).toContain('/data/gatehouse.db')
})

it.each(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOENT', 'ENOTDIR'])(
  'does so with %s of the file system',
  (code) => {
    expect(translate(systemError(code), '/data/gatehouse.db')).toBeInstanceOf(OperatorError)
  },
)

it('leaves a fault of the program what it is', () => {
  const fault = new Database.SqliteError('near "selct"', 'SQLITE_ERROR')
  expect(translate(fault, '/data/gatehouse.db')).toBe(fault)
})
