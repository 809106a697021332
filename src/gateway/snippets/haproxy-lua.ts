/**
 * The script by which HAProxy asks. It uses what HAProxy has built in, and needs no library; whatever
 * goes wrong in it, the variable stays unset, and the line behind it in the configuration refuses.
 */
export const HAPROXY_LUA = `-- Asks Gatehouse about a request, and says yes only where Gatehouse did.
--
--   http-request lua.gatehouse http://127.0.0.1:9091 https Remote-User,Remote-Groups
--   http-request deny deny_status 503 unless { var(txn.gatehouse) -m str yes }

local QUESTION = {
  'accept', 'authorization', 'cookie', 'origin', 'sec-fetch-dest', 'sec-fetch-mode',
  'sec-websocket-key', 'sec-websocket-version', 'user-agent', 'x-requested-with',
}
local ANSWER = {
  'cache-control', 'content-security-policy', 'content-type', 'location', 'referrer-policy',
  'retry-after', 'www-authenticate', 'x-content-type-options', 'x-gatehouse-reference',
}
local TIMEOUT_MS = 5000

-- HAProxy counts from 0, Lua from 1.
local function listed(values)
  local list = {}
  if values == nil then return list end
  local index = values[0] == nil and 1 or 0
  while values[index] ~= nil do
    list[#list + 1] = values[index]
    index = index + 1
  end
  return list
end

local function ask(txn, gate, scheme)
  local sent = txn.http:req_get_headers()
  local headers = {
    ['x-forwarded-method'] = { txn.f:method() },
    ['x-forwarded-proto'] = { scheme },
    ['x-forwarded-host'] = { txn:get_var('txn.gatehouse_host') },
    ['x-forwarded-uri'] = { txn.f:pathq() },
    ['x-forwarded-for'] = { txn.f:src() },
  }
  for _, name in ipairs(QUESTION) do
    local values = listed(sent[name])
    if #values > 0 then headers[name] = values end
  end
  local url = gate .. '/api/authz/forward-auth'
  return core.httpclient():get({ url = url, headers = headers, timeout = TIMEOUT_MS })
end

-- The session is no business of an application.
local function without_session(cookies)
  local kept = {}
  for pair in cookies:gmatch('[^;]+') do
    local cookie = pair:gsub('^ +', '')
    local name = cookie:gsub('=.*', ''):gsub('^__Host%-', ''):gsub('^__Secure%-', '')
    if name ~= 'gatehouse' then kept[#kept + 1] = cookie end
  end
  return table.concat(kept, '; ')
end

local function let_through(txn, answer, names)
  for name in names:gmatch('[^,]+') do
    local value = listed(answer.headers[name:lower()])[1]
    txn.http:req_del_header(name)
    if value ~= nil and value ~= '' then txn.http:req_set_header(name, value) end
  end
  local cookies = table.concat(listed(txn.http:req_get_headers()['cookie']), '; ')
  local others = without_session(cookies)
  txn.http:req_del_header('cookie')
  if others ~= '' then txn.http:req_set_header('cookie', others) end
  txn:set_var('txn.gatehouse', 'yes')
end

local function hand_on(txn, answer)
  local reply = txn:reply({ status = answer.status, reason = answer.reason })
  for _, name in ipairs(ANSWER) do
    for _, value in ipairs(listed(answer.headers[name])) do reply:add_header(name, value) end
  end
  if txn.f:method() ~= 'HEAD' then reply:set_body(answer.body or '') end
  txn:done(reply)
end

core.register_action('gatehouse', { 'http-req' }, function(txn, gate, scheme, names)
  txn:unset_var('txn.gatehouse')
  local answer = ask(txn, gate, scheme)
  if answer == nil or answer.status == nil then return end
  if answer.status == 200 then return let_through(txn, answer, names) end
  -- Without an answer the status is 0; what is not known to be a no is not handed on either.
  if answer.status >= 300 then hand_on(txn, answer) end
end, 3)`
