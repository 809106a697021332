import { defineConfig } from 'vitest/config'

/**
 * The parts of the test suite, each a project: `npm test -- security` runs one of them.
 * Parts of one group run together; the end-to-end tests come after all others, two files at a time: they
 * wait more than they work, and a browser beside more than that is slow enough to fail on time.
 */
export default defineConfig({
  test: {
    // Most of them wait for sockets and clocks, so there may be more than cores.
    maxWorkers: 3,
    projects: [
      part('unit', {
        include: ['test/unit/**/*.test.{ts,tsx}', 'test/*.test.ts'],
        testTimeout: 20_000,
      }),
      part('contract', { include: ['test/contract/**/*.test.ts'], testTimeout: 15_000 }),
      part('http', { include: ['test/http/**/*.test.ts'], testTimeout: 15_000 }),
      part('security', { include: ['test/security/**/*.test.ts'], testTimeout: 20_000 }),
      part('e2e', {
        include: ['test/e2e/**/*.e2e.ts'],
        testTimeout: 60_000,
        hookTimeout: 60_000,
        maxWorkers: 2,
        sequence: { groupOrder: 1 },
      }),
    ],
  },
})

interface Part {
  include: string[]
  testTimeout?: number
  hookTimeout?: number
  maxWorkers?: number
  sequence?: { groupOrder: number }
}

function part(name: string, options: Part) {
  return { extends: true as const, test: { name, environment: 'node', ...options } }
}
