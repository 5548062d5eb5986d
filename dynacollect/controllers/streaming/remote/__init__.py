"""A policy on another machine: a server that works chunks out, and an inference that asks it.

The wire, version 1: a frame is its length in 4 bytes, the highest first, and a msgpack mapping whose `kind` says what
it is. An array is {dtype, shape, data}: raw bytes in C order, the lowest byte first. Nothing is pickled.

    server  hello    version, nonce
    client  token    client, nonce, proof      proofs are HMAC-SHA256 with the token over a role and both nonces
    server  welcome  proof, supports_rtc       or  refused  why

    client  request  number, step, begins, episode, delay, state, seen, left_over, committed      or  ping
    server  got                                as soon as it has read one of these; the next one is sent only then
    server  warm                               in place of an answer to a client's first request
    server  answer   number, actions, took_s   or  failed  why

The token tells both sides that the other one is no stranger. Nothing is encrypted: across a network that is shared
with others, lead the connection through ssh.
"""
