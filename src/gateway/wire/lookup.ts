import { lookup as askSystem, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'

/** Finds the addresses of a name. */
type Ask = (host: string) => Promise<readonly LookupAddress[]>

const MINUTE_MS = 60_000
/** A resolver that says nothing for so long is taken for broken. */
const SILENT_MS = 1_000
/** For so long the last good answer stands in for one that does not come. */
const LAST_GOOD_MS = 60 * MINUTE_MS

const system: Ask = (host) =>
  new Promise((resolve, reject) => {
    askSystem(host, { all: true }, (fault, addresses) => {
      if (fault) reject(fault)
      else resolve(addresses)
    })
  })

/**
 * Makes a look-up that goes on with the last good addresses while the resolver fails or is silent. Each name is
 * asked for once at a time: the threads that wait for a resolver are the ones that check passwords.
 */
export function createLookup({
  ask = system,
  silentMs = SILENT_MS,
  lastGoodMs = LAST_GOOD_MS,
  now = () => performance.now(),
} = {}): LookupFunction {
  const good = new Map<string, { addresses: readonly LookupAddress[]; at: number }>()
  const underWay = new Map<string, Promise<readonly LookupAddress[]>>()

  const fresh = (host: string) => {
    const asking =
      underWay.get(host) ??
      ask(host)
        .then((addresses) => {
          good.set(host, { addresses, at: now() })
          return addresses
        })
        .finally(() => underWay.delete(host))
    underWay.set(host, asking)
    return asking
  }

  const find = async (host: string): Promise<readonly LookupAddress[]> => {
    const asking = fresh(host)
    const last = good.get(host)
    if (!last || now() - last.at > lastGoodMs) return asking
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<readonly LookupAddress[]>((resolve) => {
      timer = setTimeout(() => resolve(last.addresses), silentMs)
    })
    return Promise.race([asking.catch(() => last.addresses), silence]).finally(() =>
      clearTimeout(timer),
    )
  }

  return (host, { all, family }, done) => {
    find(host).then(
      (addresses) => {
        const wanted = addresses.filter((it) => !family || it.family === Number(family))
        const [first] = wanted.length > 0 ? wanted : addresses
        if (all) done(null, [...addresses])
        else done(null, first?.address ?? '', first?.family)
      },
      (fault) => done(fault, '', 0),
    )
  }
}

/** One for all connections to applications: what is known of a name outlives a configuration. */
export const lookup = createLookup()
