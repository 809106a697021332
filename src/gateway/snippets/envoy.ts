import type { Guarded, Site, Snippet } from './contract.ts'
import { indented, isSecure, lines, namesOf, OVERRIDES, portOf, slug, spellings } from './parts.ts'

/** `ext_authz` of Envoy over HTTP, as a whole static configuration. */
export const envoy: Snippet = (site) =>
  lines(
    'static_resources:',
    '  listeners:',
    '    - name: front',
    `      address: { socket_address: { address: 0.0.0.0, port_value: ${portOf(site)} } }`,
    '      filter_chains:',
    '        - filters:',
    indented(connectionManager(site), 12),
    isSecure(site) && TLS,
    '  clusters:',
    ...site.guarded.map(({ host, application }) => cluster(slug(host, '_'), application)),
    cluster('gatehouse', site.gate),
  )

const connectionManager = (site: Site) =>
  lines(
    '- name: envoy.filters.network.http_connection_manager',
    '  typed_config:',
    `    "@type": ${type('filters.network.http_connection_manager.v3.HttpConnectionManager')}`,
    '    stat_prefix: front',
    '    use_remote_address: true',
    '    # Some servers take Remote_User for Remote-User.',
    '    common_http_protocol_options: { headers_with_underscores_action: DROP_HEADER }',
    '    upgrade_configs: [{ upgrade_type: websocket }]',
    '    route_config:',
    '      # Nobody but Gatehouse says who is there, nobody at all which page is meant or what is to be done with it.',
    '      request_headers_to_remove:',
    [...namesOf(site.guarded).flatMap(disguises), ...OVERRIDES].map(
      (name) => `        - ${name.toLowerCase()}`,
    ),
    '      virtual_hosts:',
    ...site.guarded.map(guardedHost),
    site.passed.length > 0 && passedHost(site.passed),
    '    http_filters:',
    indented(extAuthz(site), 6),
    '      - name: envoy.filters.http.router',
    '        typed_config:',
    `          "@type": ${type('filters.http.router.v3.Router')}`,
  )

/** Spellings that are dropped for nothing else in them. */
const disguises = (name: string): string[] =>
  spellings(name).filter((it) => it !== name && !it.includes('_'))

const type = (name: string) => `type.googleapis.com/envoy.extensions.${name}`

const UNASKED = lines(
  'typed_per_filter_config:',
  '  envoy.filters.http.ext_authz:',
  `    "@type": ${type('filters.http.ext_authz.v3.ExtAuthzPerRoute')}`,
  '    disabled: true',
)

const guardedHost = ({ host, own }: Guarded) =>
  lines(
    `        - name: ${slug(host, '_')}`,
    `          domains: ${domains([host])}`,
    '          routes:',
    own !== undefined &&
      lines(
        `            - match: { prefix: ${own} }`,
        '              route: { cluster: gatehouse, timeout: 0s }',
        indented(UNASKED, 14),
      ),
    '            - match: { prefix: / }',
    `              route: { cluster: ${slug(host, '_')}, timeout: 0s }`,
  )

const passedHost = (hosts: readonly string[]) =>
  lines(
    '        - name: gatehouse',
    `          domains: ${domains(hosts)}`,
    indented(UNASKED, 10),
    '          routes:',
    '            - match: { prefix: / }',
    '              route: { cluster: gatehouse, timeout: 0s }',
  )

// Envoy compares the port too, where the browser names one.
const domains = (hosts: readonly string[]) =>
  `[${hosts.flatMap((host) => [JSON.stringify(host), ...(host.startsWith('*') ? [] : [JSON.stringify(`${host}:*`)])]).join(', ')}]`

/** Without these, a request would look to the gate as if nobody had signed in, or as if a program asked. */
const QUESTION = [
  'accept',
  'authorization',
  'cookie',
  'origin',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-websocket-key',
  'sec-websocket-version',
  'user-agent',
  'x-forwarded-for',
  'x-requested-with',
]

const extAuthz = (site: Site) =>
  lines(
    '- name: envoy.filters.http.ext_authz',
    '  typed_config:',
    `    "@type": ${type('filters.http.ext_authz.v3.ExtAuthz')}`,
    '    transport_api_version: V3',
    '    failure_mode_allow: false',
    '    status_on_error: { code: ServiceUnavailable }',
    '    allowed_headers:',
    '      patterns:',
    QUESTION.map((name) => `        - { exact: ${name} }`),
    '    http_service:',
    '      path_prefix: /api/authz/ext-authz',
    `      server_uri: { uri: "http://${site.gate}", cluster: gatehouse, timeout: 1s }`,
    '      authorization_request:',
    '        headers_to_add:',
    `          - { key: x-forwarded-proto, value: ${isSecure(site) ? 'https' : 'http'} }`,
    '      authorization_response:',
    '        # Each takes the place of what the client sent under that name.',
    '        allowed_upstream_headers:',
    '          patterns:',
    namesOf(site.guarded).map((name) => `            - { exact: ${name.toLowerCase()} }`),
  )

const TLS = `          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": ${type('transport_sockets.tls.v3.DownstreamTlsContext')}
              common_tls_context:
                alpn_protocols: [h2, http/1.1]
                tls_certificates:
                  - certificate_chain: { filename: /etc/envoy/tls/fullchain.pem }
                    private_key: { filename: /etc/envoy/tls/privkey.pem }`

function cluster(name: string, at: string): string {
  const colon = at.lastIndexOf(':')
  const address = at.slice(0, colon).replace(/^\[|\]$/g, '')
  return lines(
    `    - name: ${name}`,
    '      type: STRICT_DNS',
    '      connect_timeout: 5s',
    '      load_assignment:',
    `        cluster_name: ${name}`,
    '        endpoints:',
    '          - lb_endpoints:',
    `              - endpoint: { address: { socket_address: { address: "${address}", port_value: ${at.slice(colon + 1)} } } }`,
  )
}
