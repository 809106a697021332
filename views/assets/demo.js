// The script of the demo application. The gateway's own pages have none.

const say = (text) => {
  const state = document.querySelector('.state')
  if (state) state.textContent = text
}

const clock = document.querySelector('[data-socket]')
if (clock) {
  const address = new URL(clock.dataset.socket, location.href)
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(address)
  socket.addEventListener('open', () => say('Connected.'))
  socket.addEventListener('close', () => say('Closed. Reload the page to connect again.'))
  socket.addEventListener('message', ({ data }) => {
    clock.textContent = data
  })
}

const lines = document.querySelector('[data-events]')
if (lines) {
  const source = new EventSource(lines.dataset.events)
  source.addEventListener('open', () => say('Connected.'))
  // EventSource would try again for ever; here the end is what one wants to see.
  source.addEventListener('error', () => {
    source.close()
    say('Closed. Reload the page to connect again.')
  })
  source.addEventListener('message', ({ data }) => {
    const line = document.createElement('li')
    line.textContent = data
    lines.prepend(line)
    while (lines.children.length > 20) lines.lastElementChild.remove()
  })
}

const fresh = document.querySelector('[data-refresh]')
if (fresh) {
  const refresh = async () => {
    // Whoever is copying a code should not lose the selection.
    if (document.hidden || !getSelection().isCollapsed) return
    const answer = await fetch(location.href).catch(() => undefined)
    if (!answer?.ok) return
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const then = next.querySelector('[data-refresh]')
    if (then) fresh.replaceChildren(...then.children)
  }
  setInterval(refresh, Number(fresh.dataset.refresh) * 1000)
}
