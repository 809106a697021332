import { type BigIntStats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

/** Looks after files until told to stop. */
export interface Watch {
  /** Looks after these from here on. */
  over(files: readonly string[]): void
  stop(): void
}

export interface WatchDeps {
  /** A file has changed, has come or is gone, and has been quiet since the last look. */
  changed(): void
  everyMs?: number
}

/**
 * Looks at files once in a while, through all symbolic links: a map of Kubernetes changes by a link
 * that is turned to another folder, editors put a new file in the place of the old one, and network
 * file systems tell nobody. A look costs next to nothing, and works on all of them.
 */
export function createWatch({ changed, everyMs = 1_000 }: WatchDeps): Watch {
  let files: readonly string[] = []
  let known = new Map<string, string>()
  let stopped = false
  let restless = false

  const look = async () => {
    const seen = await signaturesOf(files)
    const moved = [...seen].some(([file, signature]) => known.get(file) !== signature)
    known = new Map([...known, ...seen])
    // Half a file may be there by now; the next look finds it whole.
    if (!moved && restless) changed()
    restless = moved
  }

  const goOn = () => {
    const timer = setTimeout(() => look().then(next, next), everyMs)
    timer.unref()
  }
  const next = () => {
    if (!stopped) goOn()
  }
  goOn()

  return {
    over(wanted) {
      files = [...new Set(wanted)]
      known = new Map(files.map((file) => [file, known.get(file) ?? signatureNow(file)]))
    },
    stop() {
      stopped = true
    },
  }
}

async function signaturesOf(files: readonly string[]): Promise<Map<string, string>> {
  const entries = files.map(async (file) => [file, await signatureOf(file)] as const)
  return new Map(await Promise.all(entries))
}

async function signatureOf(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(signature, () => NOT_THERE)
}

function signatureNow(file: string): string {
  try {
    return signature(statSync(file, { bigint: true }))
  } catch {
    return NOT_THERE
  }
}

const NOT_THERE = 'not there'

const signature = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join()
