/**
 * Runs the tests, or a part of them, and ends with one line that says how many passed:
 *
 *     npm test                      everything
 *     npm test -- security          one part (the projects of vitest.config.ts)
 *     npm test -- cookie            the files whose path contains the word
 */
import { startVitest, type TestModule, type Vitest } from 'vitest/node'

const PARTS = ['unit', 'contract', 'http', 'security', 'e2e']

const words = process.argv.slice(2)
const project = words.filter((word) => PARTS.includes(word))
const filters = words.filter((word) => !PARTS.includes(word))

const vitest = await startVitest(filters, {
  watch: false,
  ...(project.length > 0 && { project }),
})
const { passed, failed, skipped } = count(vitest)
await vitest.close()

const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
process.stdout.write(`${line}\n`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

interface Counts {
  passed: number
  failed: number
  skipped: number
}

function count({ state }: Vitest): Counts {
  const modules = state.getTestModules()
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  const ended = (how: string) => tests.filter((test) => test.result().state === how).length
  // A file that cannot be loaded, a hook that fails and an error that no test caught are failures too.
  const broken = modules.filter(isBroken).length + state.getUnhandledErrors().length
  return {
    passed: ended('passed'),
    failed: ended('failed') + ended('pending') + broken,
    skipped: ended('skipped'),
  }
}

function isBroken(module: TestModule): boolean {
  const blamed = [...module.children.allTests('failed')].length > 0
  return module.state() === 'failed' && !blamed
}
