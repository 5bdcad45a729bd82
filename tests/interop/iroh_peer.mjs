// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The foreign end of test_iroh.py: iroh endpoints on the loopback, without relays and discovery.
//
//   node iroh_peer.mjs FOLDER      FOLDER has node_modules/@number0/iroh
//
// Reads one JSON request a line, answers each with one JSON line, and ends with its input:
//   {do: "serve", alpn, seed, peer}                            -> {key, address}
//   {do: "served"}                                             -> an outcome of that server's
//   {do: "dial", alpn, seed, peer, address, bytes}             -> an outcome
// seed, peer and key are hexadecimal; peer is the one key that the other side may show. An outcome
// is {echoed: bytes}, {refused: key} or {failed: text}.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const { Endpoint, EndpointAddr, EndpointId, RelayMode, presetMinimal } =
  createRequire(join(process.argv[2], 'package.json'))('@number0/iroh')

const PATIENCE_MS = 10_000 * Number(process.env.SLOW ?? 1)
const ECHO_MAX = 4 << 20
const UNKNOWN_KEY = 7n // this test's own error code
const bytesOf = (text) => [...Buffer.from(text)]
const hex = (id) => Buffer.from(id.toBytes()).toString('hex')
const patternAt = (i) => (i * 31 + Math.floor(i / 251)) & 255

function within(what, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`late: ${what}`)), PATIENCE_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

async function bind(alpn, seed) {
  const builder = Endpoint.builder()
  presetMinimal(builder) // no discovery
  builder.relayMode(RelayMode.disabled())
  builder.bindAddr('127.0.0.1:0')
  builder.secretKey([...Buffer.from(seed, 'hex')])
  builder.alpns([bytesOf(alpn)])
  return within('bind', builder.bind())
}

async function echo(connection) {
  const { recv, send } = await within('stream', connection.acceptBi())
  let total = 0
  for (;;) {
    const piece = await within('bytes', recv.read(1 << 16)).catch(() => [])
    if (piece.length === 0) {
      return { echoed: total }
    }
    total += piece.length
    await within('echo', send.writeAll(piece))
  }
}

let server = null

async function takeOne(peer) {
  const incoming = await server.endpoint.acceptNext()
  const connection = await within('handshake', (await incoming.accept()).connect())
  if (hex(connection.remoteId()) !== peer) {
    connection.close(UNKNOWN_KEY, bytesOf('unknown key'))
    return { refused: hex(connection.remoteId()) }
  }
  return echo(connection)
}

async function serve({ alpn, seed, peer }) {
  await server?.endpoint.close()
  server = { endpoint: await bind(alpn, seed), peer }
  const address = server.endpoint.boundSockets().find((a) => a.startsWith('127.'))
  return { key: hex(server.endpoint.id()), address }
}

async function sendPattern(stream, bytes) {
  for (let at = 0; at < bytes; at += 1 << 14) {
    const length = Math.min(1 << 14, bytes - at)
    await within('write', stream.writeAll(Array.from({ length }, (_, i) => patternAt(at + i))))
  }
}

async function dial({ alpn, seed, peer, address, bytes }) {
  const endpoint = await bind(alpn, seed)
  try {
    const id = EndpointId.fromBytes([...Buffer.from(peer, 'hex')])
    const to = new EndpointAddr(id, null, [address])
    const connection = await within('handshake', endpoint.connect(to, bytesOf(alpn)))
    const { recv, send } = await within('stream', connection.openBi())
    const [, back] = await Promise.all([
      sendPattern(send, bytes),
      within('echo', recv.readExact(Math.min(bytes, ECHO_MAX))),
    ])
    const wrong = back.findIndex((byte, i) => byte !== patternAt(i))
    if (wrong >= 0 || hex(connection.remoteId()) !== peer) {
      return { failed: `byte ${wrong} came back altered, or the key is another` }
    }
    connection.close(0n, bytesOf('done'))
    return { echoed: back.length }
  } finally {
    await within('close', endpoint.close())
  }
}

const actions = { serve, dial, served: () => within('client', takeOne(server.peer)) }

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  const answer = await actions[request.do](request).catch((e) => ({ failed: e.message.split('\n\nStack')[0] }))
  console.log(JSON.stringify(answer))
}
await server?.endpoint.close()
process.exit(0)
