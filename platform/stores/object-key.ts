const KEY_LENGTH_MAX = 512;
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Throws if the key isn't a path of plain segments: nothing that a store can't hold, or that leads out of it. */
export function requireObjectKey(key: string): void {
	const isKey = key.length <= KEY_LENGTH_MAX && key.split("/").every((part) => SEGMENT.test(part));
	if (!isKey) throw new Error(`${JSON.stringify(key)} isn't the key of an object in a store`);
}

/** Throws if the prefix isn't empty, or a key followed by a slash. */
export function requirePrefix(prefix: string): void {
	if (prefix === "") return;
	if (!prefix.endsWith("/")) throw new Error(`the prefix ${prefix} must end with a slash`);
	requireObjectKey(prefix.slice(0, -1));
}
