import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createWatch, type Watch } from '../../../src/cli/watch.ts'

const EVERY_MS = 20

let folder: string
let changes: number
let watch: Watch
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-watch-'))
  changes = 0
  watch = createWatch({ changed: () => (changes += 1), everyMs: EVERY_MS })
})
afterEach(() => {
  watch.stop()
  rmSync(folder, { recursive: true })
})

const place = (name: string) => join(folder, name)
const someLooks = () => new Promise((resolve) => setTimeout(resolve, EVERY_MS * 8))
const noticed = () => vi.waitFor(() => expect(changes).toBe(1))

it('notices that a file is written', async () => {
  writeFileSync(place('a'), 'one')
  watch.over([place('a')])
  await someLooks()
  expect(changes).toBe(0)
  writeFileSync(place('a'), 'two')
  await noticed()
})

it('notices that another file takes the place of one, as editors do', async () => {
  writeFileSync(place('a'), 'one')
  watch.over([place('a')])
  writeFileSync(place('b'), 'one')
  renameSync(place('b'), place('a'))
  await noticed()
})

it('notices that a link on the way is turned elsewhere, as Kubernetes does', async () => {
  for (const version of ['v1', 'v2']) {
    mkdirSync(place(version))
    writeFileSync(join(place(version), 'config.yaml'), version)
  }
  symlinkSync('v1', place('..data'))
  symlinkSync(join('..data', 'config.yaml'), place('config.yaml'))
  watch.over([place('config.yaml')])
  await someLooks()
  expect(changes).toBe(0)
  symlinkSync('v2', place('..data_tmp'))
  renameSync(place('..data_tmp'), place('..data'))
  await noticed()
})

it('notices that a file that was missing is there, and that one is gone', async () => {
  writeFileSync(place('a'), 'one')
  watch.over([place('a'), place('b')])
  writeFileSync(place('b'), 'two')
  await noticed()
  unlinkSync(place('a'))
  await vi.waitFor(() => expect(changes).toBe(2))
})

it('waits until a file is written to its end, and tells of it once', async () => {
  writeFileSync(place('a'), '')
  watch.over([place('a')])
  for (let part = 0; part < 20; part += 1) {
    writeFileSync(place('a'), `${part}`, { flag: 'a' })
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS / 4))
  }
  await noticed()
  await someLooks()
  expect(changes).toBe(1)
})

it('says nothing of files that it does not look after any more', async () => {
  writeFileSync(place('a'), 'one')
  watch.over([place('a')])
  watch.over([place('b')])
  writeFileSync(place('a'), 'two')
  await someLooks()
  expect(changes).toBe(0)
})

it('says nothing after it was told to stop', async () => {
  watch.over([place('a')])
  watch.stop()
  writeFileSync(place('a'), 'one')
  await someLooks()
  expect(changes).toBe(0)
})
