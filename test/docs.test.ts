import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { aConfigFile } from './unit/config/files.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGES = ['README.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()]

describe('the documentation', () => {
  it.each(PAGES)('leads nowhere that is not there: %s', (page) => {
    const dead = linksOf(page).filter(({ file, anchor }) => {
      if (!existsSync(posix.join(ROOT, file))) return true
      return anchor !== '' && !anchorsOf(file).has(anchor)
    })
    expect(dead).toEqual([])
  })

  it('is reached from the README, every page of it', () => {
    const reached = new Set(['README.md'])
    for (const page of reached) {
      for (const { file } of linksOf(page)) if (PAGES.includes(file)) reached.add(file)
    }
    expect(PAGES.filter((page) => !reached.has(page))).toEqual([])
  })

  it('says nothing twice: no paragraph stands in two places', () => {
    const written = PAGES.flatMap((page) => paragraphsOf(page))
    expect(written.filter((text, index) => written.indexOf(text) !== index)).toEqual([])
  })
})

it('the README begins with a configuration that loads without a fault or a warning', () => {
  const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(textOf('README.md')) ?? []
  const { config, warnings } = loadConfig(aConfigFile(yaml), {})
  expect(config.routes).toHaveLength(1)
  expect(warnings).toEqual([])
})

interface Link {
  /** From the root of the repository; a folder stands for its README. */
  file: string
  /** Without `#`; empty when the link means the whole page. */
  anchor: string
}

function linksOf(page: string): Link[] {
  const targets = Array.from(
    proseOf(page).matchAll(/\]\(([^)\s]+)\)/g),
    ([, target = '']) => target,
  )
  return targets
    .filter((target) => !/^\w+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      const file = path === '' ? page : posix.join(posix.dirname(page), path)
      return { file: isFolder(file) ? posix.join(file, 'README.md') : file, anchor }
    })
}

const isFolder = (file: string) =>
  statSync(posix.join(ROOT, file), { throwIfNoEntry: false })?.isDirectory() ?? false

/** The anchors that a forge gives to the headings of a page. */
function anchorsOf(page: string): Set<string> {
  return new Set(
    Array.from(proseOf(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_\- ]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}

/** Long enough to be a thought, and no row of a table: those may say the same of two things. */
const paragraphsOf = (page: string) =>
  proseOf(page)
    .split(/\n\s*\n/)
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .filter((text) => text.length > 100 && !text.startsWith('|'))

const proseOf = (page: string) => textOf(page).replace(/^```[\s\S]*?^```/gm, '')

const textOf = (page: string) => readFileSync(posix.join(ROOT, page), 'utf8')
