import type { Guarded, Site, Snippet } from './contract.ts'
import {
  hasUsualPort,
  isSecure,
  lines,
  namesOf,
  OVERRIDES,
  portOf,
  portSuffix,
  wildDomain,
} from './parts.ts'

/** `auth_request` of nginx, and of Angie, OpenResty and what is made of them. */
export const nginx: Snippet = (site) =>
  lines(
    shared(site),
    ...site.guarded.map((guarded) => guardedServer(site, guarded)),
    passedServer(site),
    isSecure(site) && hasUsualPort(site) && redirectServer(site),
  )

const shared = ({ gate, guarded }: Site) => `upstream gatehouse {
  server ${gate};
  keepalive 16;
}

# A WebSocket is the only upgrade: behind any other (h2c), requests would pass that nobody has asked about.
map $http_upgrade $gatehouse_connection {
  default         "";
  "~*^websocket$" upgrade;
}
map $gatehouse_connection $gatehouse_upgrade {
  default "";
  upgrade websocket;
}
${guarded.length > 0 ? OTHER_COOKIES : ''}`

const OTHER_COOKIES = `
# The session is no business of an application. Where there are two, somebody has planted one.
map $http_cookie $gatehouse_other_cookies {
  default $http_cookie;
  "~(?:^|; ?)(?:__Host-|__Secure-)?gatehouse=.*; ?(?:__Host-|__Secure-)?gatehouse=" "";
  "~^(?:__Host-|__Secure-)?gatehouse=[^;]*(?:; ?(?<gatehouse_rest>.*))?$" $gatehouse_rest;
  "~^(?<gatehouse_before>.*); ?(?:__Host-|__Secure-)?gatehouse=[^;]*(?<gatehouse_after>.*)$" $gatehouse_before$gatehouse_after;
}
`

const certificates = `
  ssl_certificate     /etc/nginx/tls/fullchain.pem;
  ssl_certificate_key /etc/nginx/tls/privkey.pem;
`

const head = (site: Site, names: readonly string[]) => `server {
  listen ${portOf(site)}${isSecure(site) ? ' ssl' : ''};
  server_name ${names.join(' ')};
${isSecure(site) ? certificates : ''}`

const variable = (name: string) => `gatehouse_${name.toLowerCase().replaceAll('-', '_')}`
const received = (name: string) => `upstream_http_${name.toLowerCase().replaceAll('-', '_')}`

function guardedServer(site: Site, { host, application, names, own }: Guarded): string {
  const foreign = namesOf(site.guarded).filter((name) => !names.includes(name))
  const scheme = isSecure(site) ? 'https' : 'http'
  const authority = `${wildDomain(host) ? '$host' : host}${portSuffix(site)}`
  // Not from the Host line: a request may name another host in its first line, and nginx goes by that.
  const asking = `proxy_method GET;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    proxy_set_header Connection "";
    proxy_set_header X-Original-Method $request_method;
    proxy_set_header X-Original-URL ${scheme}://${authority}$request_uri;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_buffer_size 8k;`
  return `${head(site, [host])}
  # Every location asks, unless it says otherwise.
  auth_request /_gatehouse;
${names.map((name) => `  auth_request_set $${variable(name)} $${received(name)};`).join('\n')}
  auth_request_set $gatehouse_reference $upstream_http_x_gatehouse_reference;
  error_page 401 403 = @gatehouse_answer;

  # A location with a proxy_set_header of its own needs all of these again.
  proxy_http_version 1.1;
${lines(
  names.map((name) => `  proxy_set_header ${name} $${variable(name)};`),
  [...foreign, ...OVERRIDES].map((name) => `  proxy_set_header ${name} "";`),
)}
  proxy_set_header Cookie $gatehouse_other_cookies;
  proxy_set_header Host ${authority};
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Host ${authority};
  proxy_set_header X-Forwarded-Proto ${scheme};
  proxy_set_header Upgrade $gatehouse_upgrade;
  proxy_set_header Connection $gatehouse_connection;

  location / {
    proxy_pass http://${application};
  }
${own === undefined ? '' : ownLocation(own)}
  location = /_gatehouse {
    internal;
    auth_request off;
    proxy_pass http://gatehouse/api/authz/auth-request;
    ${asking}
  }

  # nginx drops the body of a 401 or 403, so what to show is asked for.
  location @gatehouse_answer {
    auth_request off;
    rewrite ^ /api/authz/auth-request/page? break;
    proxy_pass http://gatehouse;
    proxy_set_header X-Gatehouse-Reference $gatehouse_reference;
    ${asking}
  }
}
`
}

const toGate = `
    proxy_pass http://gatehouse;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Upgrade $gatehouse_upgrade;
    proxy_set_header Connection $gatehouse_connection;
    proxy_buffering off;`

const ownLocation = (path: string) => `
  location ${path} {
    auth_request off;${toGate}
  }
`

const passedServer = (site: Site) =>
  site.passed.length > 0 &&
  `${head(site, site.passed)}
  location / {${toGate}
    proxy_request_buffering off;
    client_max_body_size 0;
  }
}
`

const redirectServer = ({ guarded, passed }: Site) => `server {
  listen 80;
  server_name ${[...guarded.map(({ host }) => host), ...passed].join(' ')};
  return 308 https://$host$request_uri;
}
`
