const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
	let crc = byte << 8;
	for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
	return crc;
});

/** The slot of a key in a cluster, 0 to 16383: CRC16 (XMODEM) of the key, or of what stands between its first braces. */
export function hashSlot(key: string): number {
	const open = key.indexOf("{");
	const close = open === -1 ? -1 : key.indexOf("}", open + 1);
	const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
	let crc = 0;
	for (const byte of Buffer.from(hashed)) {
		crc = ((crc << 8) ^ (TABLE[(crc >> 8) ^ byte] ?? 0)) & 0xffff;
	}
	return crc % 16_384;
}

/** Reads keys of many groups, such as slots, with one call for each group. The contents come in the order of the keys. */
export async function readByGroup(
	keys: readonly string[],
	groupOf: (key: string) => number,
	read: (keys: string[], group: number) => Promise<(string | null)[]>,
): Promise<(string | null)[]> {
	const groups = new Map<number, number[]>();
	for (const [index, key] of keys.entries()) {
		const group = groupOf(key);
		const members = groups.get(group);
		if (members === undefined) groups.set(group, [index]);
		else members.push(index);
	}
	const contents: (string | null)[] = keys.map(() => null);
	await Promise.all(
		[...groups].map(async ([group, members]) => {
			const found = await read(
				members.map((index) => keys[index] ?? ""),
				group,
			);
			for (const [at, index] of members.entries()) contents[index] = found[at] ?? null;
		}),
	);
	return contents;
}
