import { isIPv6 } from 'node:net'
import { parseArgs } from 'node:util'
import { didYouMean } from '../base/did-you-mean.ts'
import { OperatorError } from '../base/errors.ts'
import { isUnixPlace, parseListenAddress, writtenPlace } from '../base/net.ts'
import { findConfigFile } from '../config/find.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { compileRoutes } from '../gateway/routes.ts'
import { HAPROXY_LUA } from '../gateway/snippets/haproxy-lua.ts'
import { SNIPPETS } from '../gateway/snippets/index.ts'
import { siteOf } from '../gateway/snippets/site.ts'
import { realmsOf } from '../house.ts'
import { type Command, tooMany, WrongUsage } from './command.ts'

const APPLICATION = 'http://127.0.0.1:3000'

/** Prints what the proxy in front needs to know, made from the configuration. */
export const snippet: Command = {
  name: 'snippet',
  usage: `snippet ${[...SNIPPETS.keys()].join('|')} [HOST] [--upstream URL] [--gate HOST:PORT] [--config FILE]
       gatehouse snippet haproxy --lua`,
  summary: 'Print the configuration of a proxy in front: nginx, Traefik, Caddy, HAProxy or Envoy',

  async run(args, { environment, print, printError }) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        upstream: { type: 'string', default: APPLICATION },
        gate: { type: 'string' },
        lua: { type: 'boolean', default: false },
      },
    })
    const [proxy = '', host, ...surplus] = positionals
    if (surplus.length > 0) throw new WrongUsage(tooMany(surplus))
    const text = SNIPPETS.get(proxy)
    if (!text) {
      const known = [...SNIPPETS.keys()]
      throw new WrongUsage(`say which proxy: ${known.join(', ')}${didYouMean(proxy, known)}`)
    }
    if (values.lua) {
      if (proxy !== 'haproxy') throw new WrongUsage('only HAProxy needs a script')
      print(HAPROXY_LUA)
      return 0
    }

    const { config } = loadConfig(findConfigFile(values.config, environment), environment)
    const { portal, routes: configs, networks, assertion } = config
    const routes = compileRoutes(configs, { portal: portal.url, networks, assertion })
    if (host !== undefined)
      requireHost(
        host,
        routes.all.map((route) => route.host),
      )
    const deps = {
      ...{ portal: portal.url, routes, realms: realmsOf(config) },
      gate: values.gate === undefined ? gateIn(config) : placeIn(values.gate, '--gate'),
      application: placeIn(hostOf(values.upstream), '--upstream'),
    }
    print(text(siteOf(deps, host)).trimEnd())
    if (config.trusted_proxies.length === 0) {
      printError('List the address of the proxy in trusted_proxies: until then it may not ask.')
    }
    return 0
  },
}

function requireHost(host: string, known: readonly string[]): void {
  if (known.includes(host)) return
  throw new OperatorError(`No route has the host ${host}${didYouMean(host, known)}.`)
}

/** Where a proxy on this machine reaches us in plain HTTP. */
function gateIn({ listen }: Pick<Config, 'listen'>): string {
  const door = listen.find(
    ({ address, tls, redirect_to_https: redirects, proxy_protocol: proxied }) =>
      !isUnixPlace(address) && !tls && !redirects && !proxied && address.port !== 0,
  )
  if (!door || isUnixPlace(door.address)) {
    throw new OperatorError(
      'A proxy asks in plain HTTP, and listen has no address for that. Add one, such as 127.0.0.1:9091, or name it with --gate.',
    )
  }
  const { host, port } = door.address
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  return writtenPlace({ host: everywhere[host] ?? host, port })
}

function placeIn(text: string, option: string): string {
  const place = parseListenAddress(text)
  if (!place || place.port === 0) {
    throw new WrongUsage(`${option} takes a host and a port, such as 127.0.0.1:3000`)
  }
  return isIPv6(place.host) ? writtenPlace(place) : text
}

/** The host and port of an http address. */
function hostOf(text: string): string {
  if (!/^http:\/\/[^/?#@]+\/?$/.test(text) || !URL.canParse(text)) {
    throw new WrongUsage('--upstream takes an address like http://127.0.0.1:3000')
  }
  const { host, port } = new URL(text)
  return port === '' ? `${host}:80` : host
}
