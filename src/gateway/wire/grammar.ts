import { remembering } from '../../base/memo.ts'

/** What may stand in a value, and in a reason: nothing that ends a line (RFC 9110, 5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Is this the name of a header, and nothing else? */
export const isName = remembering(1_000, (text) => TOKEN.test(text))

/** Can this stand behind a name, and end with its line? */
export const isValue = (text: string): boolean => VALUE.test(text)

/** A number of bytes as it is written; what is longer could not be told exactly. */
const LENGTH = /^\d{1,15}$/

/** @returns `undefined` for anything but a plain number. */
export const lengthIn = (text: string): number | undefined =>
  LENGTH.test(text) ? Number(text) : undefined
