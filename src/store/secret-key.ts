import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { hasCode, OperatorError } from '../base/errors.ts'
import { SECRET_KEY_BYTES } from '../base/keyring.ts'
import { secretKeyIn } from './config.ts'

/** Where the key lies that was made for a database. */
export const keyFileOf = (databaseFile: string): string =>
  `${databaseFile.replace(/\.db$/, '')}.key`

/**
 * Reads the secret key from the configuration's text, or from the file beside the database.
 *
 * @param configured 32 bytes in base64 or base64url.
 * @throws {OperatorError} when the key is missing, unreadable or of another form.
 */
export function readSecretKey(databaseFile: string, configured: string | undefined): Uint8Array {
  if (configured !== undefined) return keyIn(configured, 'store.key')
  const file = keyFileOf(databaseFile)
  try {
    return keyIn(readFileSync(file, 'utf8'), file)
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause
    const missing = hasCode(cause, 'ENOENT')
    throw new OperatorError(
      missing
        ? `The database ${databaseFile} is there, but its key ${file} is missing. Put the key back from your backup.`
        : `The key file ${file} cannot be read. Let the user that runs Gatehouse read it: chown and chmod 600.`,
      { cause },
    )
  }
}

/** Makes a key beside a database that is about to be made; one that is there already is kept. */
export function makeSecretKey(databaseFile: string): void {
  const file = keyFileOf(databaseFile)
  if (!existsSync(file)) makeKeyFile(file)
}

/** Writes a new key to a new file that only its owner can read, and to the disk. */
export function makeKeyFile(file: string): void {
  const handle = openSync(file, 'wx', 0o600)
  writeSync(handle, `${randomBytes(SECRET_KEY_BYTES).toString('base64')}\n`)
  fsyncSync(handle)
  closeSync(handle)
}

/** @throws {OperatorError} when there is no key in it. */
export function readKeyFile(file: string): Uint8Array {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new OperatorError(`The key file ${file} cannot be read.`, { cause })
  }
  return keyIn(text, file)
}

function keyIn(text: string, source: string): Uint8Array {
  const key = secretKeyIn(text)
  if (key) return key
  throw new OperatorError(
    `${source} holds no key of ${SECRET_KEY_BYTES} bytes in base64. Put the right one back from your backup: a new one would not open the database.`,
  )
}
