import { expect, it } from 'vitest'
import { tooOldNode } from '../../../src/base/node-version.ts'

it.each(['v20.20.2', 'v24.16.9', 'v22.22.0', 'v9.0.0'])('refuses %s', (version) => {
  expect(tooOldNode(version)).toContain(version)
})

it.each(['v24.17.0', 'v24.20.1', 'v25.0.0', 'v26.10.0', 'v100.0.0'])('takes %s', (version) => {
  expect(tooOldNode(version)).toBeUndefined()
})
