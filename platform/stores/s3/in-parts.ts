/** The chunks joined to parts of the same size; only the last one may be smaller. */
export async function* inParts(
	chunks: AsyncIterable<Uint8Array>,
	partBytes: number,
): AsyncGenerator<Buffer> {
	let held: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of chunks) {
		for (let at = 0; at < chunk.length; ) {
			const taken = chunk.subarray(at, at + partBytes - bytes);
			held.push(taken);
			bytes += taken.length;
			at += taken.length;
			if (bytes < partBytes) continue;
			yield Buffer.concat(held);
			held = [];
			bytes = 0;
		}
	}
	if (bytes > 0) yield Buffer.concat(held);
}
