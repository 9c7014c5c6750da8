/** A host with more clients needs more than one gateway. */
export const CONNECTIONS_MAX = 32_000;
/** For listeners, checks, sockets and pipes, in addition to one per server and port. */
const SPARE_DESCRIPTORS = 512;
/** Per connection: one to the client, one to the engine, and one to spare. */
const DESCRIPTORS_EACH = 3;

/** HAProxy refuses to start if its limit on open files is too low for its connections. */
export function maxConnections(descriptors: number): number {
	return Math.max(
		100,
		Math.min(CONNECTIONS_MAX, Math.floor((descriptors - SPARE_DESCRIPTORS) / DESCRIPTORS_EACH)),
	);
}
