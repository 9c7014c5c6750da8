/** CRC-16/XMODEM, as clusters use it. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
	let crc = byte << 8;
	for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
	return crc & 0xffff;
});

const OPEN = "{".charCodeAt(0);
const CLOSE = "}".charCodeAt(0);
const SLOTS = 16_384;

/** The cluster slot of a key: of what stands between its first braces, if anything does. */
export function keySlot(key: Uint8Array): number {
	const open = key.indexOf(OPEN);
	const close = open === -1 ? -1 : key.indexOf(CLOSE, open + 1);
	return close > open + 1 ? crc16(key, open + 1, close) % SLOTS : crc16(key, 0, key.length) % SLOTS;
}

function crc16(bytes: Uint8Array, from: number, to: number): number {
	let crc = 0;
	for (let at = from; at < to; at += 1) {
		crc = ((crc << 8) ^ (TABLE[((crc >> 8) ^ (bytes[at] ?? 0)) & 0xff] ?? 0)) & 0xffff;
	}
	return crc;
}
