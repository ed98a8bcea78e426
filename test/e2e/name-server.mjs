// Knows one address: A somewhere.test is 192.0.2.7. Everything else does not exist.
import { createSocket } from 'node:dgram'

const socket = createSocket('udp4')
socket.on('message', (query, { port, address }) => {
  const end = query.indexOf(0, 12) + 5
  const name = query
    .subarray(12, end - 5)
    .toString('latin1')
    .replace(/[\x00-\x1f]/g, '.')
  const [isKnown, isAddress] = [name === '.somewhere.test', query.readUInt16BE(end - 4) === 1]
  const answer = isKnown && isAddress ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7] : []
  const head = Buffer.from(query.subarray(0, 12))
  head.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2)
  head.writeUInt16BE(answer.length > 0 ? 1 : 0, 6)
  head.fill(0, 8)
  socket.send(Buffer.concat([head, query.subarray(12, end), Buffer.from(answer)]), port, address)
})
socket.bind(53, '127.0.0.1')
