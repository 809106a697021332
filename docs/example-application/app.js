// A small web application that leaves its second factors, passkeys and device keys to Gatehouse.
// Node alone: GATEHOUSE=https://auth.example.com/api GATEHOUSE_KEY=ghk_… PORT=8080 node app.js
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const { GATEHOUSE, GATEHOUSE_KEY, PORT = '8080', PASSWORD = 'correct horse' } = process.env

const salt = randomBytes(16)
const hash = (password) => scryptSync(password, salt, 32)
const users = new Map([['maria', hash(PASSWORD)]])

/** By the cookie: who is signed in, and what is asked. */
const sessions = new Map()

/** Calls Gatehouse. The key never leaves this server. */
async function gatehouse(method, path, body) {
  const answer = await fetch(`${GATEHOUSE}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${GATEHOUSE_KEY}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const told = answer.status === 204 ? {} : await answer.json()
  if (answer.ok) return told
  throw Object.assign(new Error(told.title), { status: answer.status === 429 ? 429 : 400 })
}

const post = (path, body) => gatehouse('POST', path, body)
const CODES = ['totp', 'email']
async function factorsOf(user) {
  const { factors } = await gatehouse('GET', `/2fa/users/${encodeURIComponent(user)}/factors`)
  return factors.filter(({ status }) => status !== 'pending')
}

const routes = {
  'GET /': ({ session }) => (session.user ? home(session) : signIn()),

  // The password is this application's own business; what comes after it is not.
  async 'POST /login'({ session, form, enter }) {
    const { name = '', password = '' } = form
    const right = timingSafeEqual(users.get(name) ?? Buffer.alloc(32), hash(password))
    if (!right) return page('<p role="alert">That was not right.</p>', 401)
    const all = await factorsOf(name)
    // Nobody who has a second factor comes in without it, be it locked, or one for the other buttons.
    if (all.length === 0) return enter(name)
    const codes = all.filter(({ type, status }) => status === 'active' && CODES.includes(type))
    if (codes.length === 0) {
      return page('<p role="alert">Use your passkey or your device, or ask for help.</p>', 401)
    }
    const factor = codes.find(({ type }) => type === form.by) ?? codes[0]
    session.challenge = await post('/2fa/challenges', { user_id: name, factor: factor.id })
    return page(codeForm('/code', session.challenge.sent_to ?? 'your authenticator app'))
  },
  async 'POST /code'({ session, form, enter }) {
    if (!session.challenge) return to('/')
    const { verified, user_id, reason } = await post('/2fa/verify', {
      challenge_id: session.challenge.id,
      code: form.code,
    })
    return verified ? enter(user_id) : page(`<p role="alert">No: ${text(reason)}</p>`, 401)
  },

  async 'POST /enroll'({ session, form }) {
    if (!session.user) return to('/')
    const { type, target } = form
    session.enrollment = await post('/2fa/enroll', { user_id: session.user, type, target })
    const { secret, qr_code: picture = '', sent_to: sentTo } = session.enrollment
    const shown = secret ? `${picture}<p>Key: <code>${text(secret)}</code></p>` : ''
    return page(shown + codeForm('/enroll/confirm', sentTo ?? 'your authenticator app'))
  },
  async 'POST /enroll/confirm'({ session, form }) {
    if (!session.enrollment) return to('/')
    await post(`/2fa/enroll/${session.enrollment.id}/confirm`, { code: form.code })
    return to('/')
  },

  // Passkeys: the challenge_id stays in this browser's session, and never comes from the page.
  async 'POST /passkey/register/options'({ session }) {
    if (!session.user) return json({}, 401)
    const asked = { user_id: session.user, user_name: `${session.user}@example.com` }
    session.passkey = await post('/biometric/register/options', asked)
    return json(session.passkey.options)
  },
  async 'POST /passkey/register/verify'({ session, body }) {
    const { challenge_id = '' } = session.passkey ?? {}
    await post('/biometric/register/verify', { challenge_id, response: body })
    return json({})
  },
  async 'POST /passkey/options'({ session }) {
    session.passkey = await post('/biometric/authenticate/options', {})
    return json(session.passkey.options)
  },
  async 'POST /passkey/verify'({ session, body, enter }) {
    const { challenge_id = '' } = session.passkey ?? {}
    const answer = { challenge_id, response: body }
    const { verified, user_id } = await post('/biometric/authenticate/verify', answer)
    return verified ? enter(user_id) : json({}, 401)
  },

  // The application's own app, with a key that it uses after a fingerprint or a face.
  async 'POST /device'({ session }) {
    if (!session.user) return json({}, 401)
    session.device = await post('/biometric/devices', { user_id: session.user })
    return json(session.device)
  },
  async 'POST /device/confirm'({ session, body }) {
    if (!session.device) return json({}, 401)
    const { public_key, signature } = body
    await post(`/biometric/devices/${session.device.id}/confirm`, { public_key, signature })
    return json({})
  },
  async 'POST /device/challenge'({ session, body }) {
    const id = encodeURIComponent(body.id)
    const details = { title: 'Sign in to the shop' }
    session.signing = { id, ...(await post(`/biometric/devices/${id}/challenge`, { details })) }
    return json(session.signing.to_sign)
  },
  async 'POST /device/verify'({ session, body: { signature }, enter }) {
    const { id = 'none', challenge_id = 'none' } = session.signing ?? {}
    const answer = { challenge_id, signature }
    const { verified, user_id } = await post(`/biometric/devices/${id}/verify`, answer)
    return verified ? enter(user_id) : json({}, 401)
  },
}

const text = (given) => String(given).replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
const json = (body, status = 200) => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
})
const to = (location) => ({ status: 303, headers: { location }, body: '' })
const page = (body, status = 200) => ({
  status,
  type: 'text/html; charset=utf-8',
  body: `<!doctype html><title>The Shop</title><h1>The Shop</h1>${body}`,
})
const codeForm = (action, from) => `<form method="post" action="${action}">
  <label>Code from ${text(from)} <input name="code" autocomplete="one-time-code"></label>
  <button>Continue</button></form>`
const signIn = () =>
  page(`<form method="post" action="/login">
  <label>Name <input name="name"></label> <label>Password <input name="password" type="password"></label>
  <button>Sign in</button></form><button id="passkey">Sign in with a passkey</button>${script('get', '/passkey')}`)
const home = ({ user }) =>
  page(`<p>Hello, <strong>${text(user)}</strong>.</p>
  <form method="post" action="/enroll"><button name="type" value="totp">Add an authenticator app</button></form>
  <form method="post" action="/enroll"><input name="target" aria-label="Mail address">
  <button name="type" value="email">Add codes by mail</button></form>
  <button id="passkey">Add a passkey</button>${script('create', '/passkey/register')}`)
const script = (verb, path) => `<p id="said"></p><script type="module">
  const send = async (to, body) => {
    const answer = await fetch('${path}/' + to, { method: 'POST', body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' } })
    if (!answer.ok) throw new Error(answer.status)
    return answer.json()
  }
  const parse = '${verb}' === 'create' ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON'
  document.querySelector('#passkey').onclick = async () => {
    try {
      const publicKey = PublicKeyCredential[parse](await send('options', {}))
      await send('verify', (await navigator.credentials.${verb}({ publicKey })).toJSON())
      document.querySelector('#said').textContent = 'Done.'
      if ('${verb}' === 'get') location.href = '/'
    } catch (error) { document.querySelector('#said').textContent = 'That did not work: ' + error.message }
  }
</script>`

const server = createServer(async (request, response) => {
  const cookie = /session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1]
  let id = sessions.has(cookie) ? cookie : randomBytes(32).toString('base64url')
  const session = sessions.get(id) ?? {}
  sessions.set(id, session)
  /** Signed in: under a new id, so that nobody else knows it from before. */
  const enter = (user) => {
    sessions.delete(id)
    id = randomBytes(32).toString('base64url')
    sessions.set(id, { user })
    return to('/')
  }
  try {
    const route = routes[`${request.method} ${request.url}`]
    const sent = (await request.toArray()).join('')
    const isJson = request.headers['content-type'] === 'application/json'
    const body = isJson ? JSON.parse(sent) : {}
    const form = isJson ? {} : Object.fromEntries(new URLSearchParams(sent))
    const answer = route ? await route({ session, form, body, enter }) : page('Not here.', 404)
    // A script follows no redirect to a page.
    const {
      status,
      type = 'text/plain',
      headers = {},
      body: out,
    } = isJson && answer.status === 303 ? json({}) : answer
    // Lax: forms of other sites come without the cookie. Add Secure where there is https.
    const kept = `session=${id}; HttpOnly; SameSite=Lax; Path=/`
    response.writeHead(status, { 'content-type': type, 'set-cookie': kept, ...headers }).end(out)
  } catch (error) {
    const { status = 500, message } = error
    response.writeHead(status, { 'content-type': 'text/plain' }).end(status === 500 ? '' : message)
  }
})
server.listen(Number(PORT), '127.0.0.1', () => console.log(`the shop: http://localhost:${PORT}`))
