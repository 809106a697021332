import { readFileSync, statSync } from 'node:fs'
import {
  type Document,
  type ErrorCode,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
import { hasCode, OperatorError } from '../base/errors.ts'
import type { Fault } from './remark.ts'

/** A configuration file, read: its values, and where each of them stands. */
export interface ConfigDocument {
  /** The plain values; nothing of it is checked yet. */
  values: Record<string, unknown>
  /** May others on this machine read the file? */
  readableByOthers: boolean
  /** Faults that leave the values readable, such as a key that stands twice. */
  faults: readonly Fault[]
  /**
   * Tells where a value stands: `config.yaml:12:5`. A place that is not in the file is shown as the
   * nearest one above it.
   */
  placeOf(path: readonly PropertyKey[]): string
}

/** The result of reading: a document, or the faults that make it unreadable. */
export type ReadResult = { ok: true; document: ConfigDocument } | { ok: false; faults: Fault[] }

/**
 * Reads a YAML file (1.2, no custom tags, every key once).
 *
 * @throws {OperatorError} when there is no such file, or it cannot be read.
 */
export function readDocument(file: string): ReadResult {
  const { text, mode } = readText(file)
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false, // it would quote the line, and with it a secret
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    logLevel: 'error', // nothing on the terminal; 'silent' would also accept a second document
  })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`
  }

  const flaws = [...document.errors, ...document.warnings, ...brokenAliases(document)]
  const faults = firstOfEachLine(flaws, (offset) => lines.linePos(offset).line).map(
    (flaw): Fault => ({ at: at(flaw.pos[0]), path: '', message: inPlainWords(flaw, text) }),
  )
  if ([...document.errors, ...document.warnings].some(({ code }) => code !== 'DUPLICATE_KEY')) {
    return { ok: false, faults }
  }
  if (flaws.length > document.errors.length) return { ok: false, faults }

  const values = plainValues(document)
  if (typeof values === 'string') {
    return { ok: false, faults: [{ at: file, path: '', message: values }] }
  }
  return {
    ok: true,
    document: {
      values,
      readableByOthers: (mode & 0o004) !== 0,
      faults,
      placeOf: (path) => at(offsetOf(document, path)),
    },
  }
}

function readText(file: string): { text: string; mode: number } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
    return { text, mode: process.platform === 'win32' ? 0 : statSync(file).mode }
  } catch (cause) {
    throw new OperatorError(whyUnreadable(file, cause), { cause })
  }
}

function whyUnreadable(file: string, cause: unknown): string {
  if (hasCode(cause, 'ENOENT')) {
    return `There is no configuration file at ${file}. Copy config.example.yaml there, or name another place with --config FILE or GATEHOUSE_CONFIG.`
  }
  if (hasCode(cause, 'EACCES') || hasCode(cause, 'EPERM')) {
    return `The configuration file ${file} may not be read by this user. Give the user that runs Gatehouse the right to read it.`
  }
  if (hasCode(cause, 'EISDIR')) {
    return `${file} is a folder. Name the configuration file in it, e.g. ${file.replace(/\/*$/, '')}/config.yaml.`
  }
  if (cause instanceof TypeError) return `${file} is no UTF-8 text. Save it as UTF-8.`
  return `The configuration file ${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`
}

/** @returns The values, or the sentence that says why there are none. */
function plainValues(document: Document): Record<string, unknown> | string {
  const { contents } = document
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null)
  if (isEmpty) return 'is empty; write at least portal.url, or copy config.example.yaml there'
  if (!isMap(contents)) {
    return 'must hold keys and values, such as "portal:"; copy config.example.yaml and begin from there'
  }
  try {
    // Aliases may not multiply: a few lines of them can stand for gigabytes.
    return document.toJS({ maxAliasCount: 100 })
  } catch {
    return 'uses too many aliases (*name); write the values out'
  }
}

type Flaw = Pick<YAMLError, 'code' | 'pos'> & Partial<Pick<YAMLError, 'message'>>

/** An alias without its anchor shows only when values are asked for, and then without a line. */
function brokenAliases(document: Document): Flaw[] {
  const broken: Flaw[] = []
  visit(document, {
    Alias(_, alias) {
      const start = alias.range?.[0] ?? 0
      if (!alias.resolve(document)) broken.push({ code: 'BAD_ALIAS', pos: [start, start] })
    },
  })
  return broken
}

/** What else is wrong with a line follows from its first flaw, and would only hide it. */
function firstOfEachLine(flaws: readonly Flaw[], lineOf: (offset: number) => number): Flaw[] {
  const seen = new Set<number>()
  return flaws.filter(({ pos }) => {
    const line = lineOf(pos[0])
    return !seen.has(line) && seen.add(line)
  })
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      // Should a key stand twice, the last one is the one whose value counts.
      const pair = node.items.findLast((item) => isScalar(item.key) && item.key.value === key)
      if (!pair) return offset
      offset = (isNode(pair.key) ? pair.key.range?.[0] : undefined) ?? offset
      node = pair.value
    } else if (isCollection(node) && typeof key === 'number') {
      node = node.items[key]
      offset = (isNode(node) ? node.range?.[0] : undefined) ?? offset
    } else {
      return offset
    }
  }
  return offset
}

/** Says what is wrong without quoting the file: the text at hand may be a secret. */
function inPlainWords({ code, pos, message = '' }: Flaw, text: string): string {
  // An open bracket swallows all that follows, and is noticed only there.
  if (code === 'BAD_INDENT' && message.startsWith('Flow')) return SENTENCES.MISSING_CHAR
  // To the library, a line that is indented too little is a list's entry without its dash …
  if (code === 'MISSING_CHAR' && message.startsWith('Sequence')) return SENTENCES.BAD_INDENT
  // … and one that is indented too much goes on with the text of the line above.
  const [line = ''] = text.slice(pos[0]).split('\n', 1)
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && !/:\s/.test(`${line}\n`)) return INDENTED_TOO_FAR
  if (code !== 'DUPLICATE_KEY') return SENTENCES[code]
  const [key] = /^[\w-]+/.exec(text.slice(pos[0])) ?? []
  return key === undefined ? SENTENCES[code] : `the key "${key}" stands twice in this section`
}

const INDENTED_TOO_FAR = 'the line below is indented too far; line it up with its neighbors'

const SENTENCES: Record<ErrorCode, string> = {
  ALIAS_PROPS: 'an alias (*name) can have no anchor or tag; put the text in quotes',
  BAD_ALIAS: 'no anchor has this name; put text that begins with * or & in quotes',
  BAD_COLLECTION_TYPE: 'a tag (!name) is of no use here; take it out',
  BAD_DIRECTIVE: 'a line may not begin with %; put the text in quotes',
  BAD_DQ_ESCAPE: 'unknown \\ escape; write the text in single quotes',
  BAD_INDENT: 'the indentation does not fit; line this up with its neighbors, with spaces',
  BAD_PROP_ORDER: 'anchors and tags stand before the value',
  BAD_SCALAR_START: 'text cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a second "key: value" does not fit on one line; break the line, or quote the text',
  BLOCK_IN_FLOW: 'an indented block cannot stand within { } or [ ]',
  DUPLICATE_KEY: 'a key stands twice in this section',
  IMPOSSIBLE: 'this is no YAML',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters; a quote may be missing',
  MISSING_CHAR:
    'a character is missing here: a closing quote or bracket, a comma, or a space after ":" or "-"',
  MULTILINE_IMPLICIT_KEY:
    'this line is no "key: value"; a ":", the space after it, or a quote is missing',
  MULTIPLE_ANCHORS: 'one value can have one anchor only',
  MULTIPLE_DOCS: 'the file holds several documents (---); keep one',
  MULTIPLE_TAGS: 'one value can have one tag only',
  NON_STRING_KEY: 'a key must be plain text; put it in quotes',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  TAG_RESOLVE_FAILED:
    'a tag (!name) is not understood here; put the text in quotes, or take the tag out',
  UNEXPECTED_TOKEN:
    'this is unexpected here; check the lines above for a missing quote, ":" or indentation',
}
