// The bytes `fetch` reads lie outside V8's heap, and the young of them go with a scavenge, which is cheap. Only
// what is allocated in the heap brings one about, and bytes that pass leave next to nothing there: V8 looked
// through all of the heap instead, that of every extension, some eighty times a GiB. Measured: bench/gateway.

/** Leaves as much in V8's heap to scavenge as `bytes` take outside it. */
export function leaveToScavenge(bytes: Buffer): void {
  bytes.toString('latin1');
}
