/** The newest version of each item, so that a read can be found to be stale. */
export class Versions {
	readonly #newest: Uint32Array;
	readonly #issued: Uint32Array;
	/** Of items that the application makes itself. */
	readonly payload: string;

	constructor(keys: number, payload: string) {
		this.#newest = new Uint32Array(keys).fill(1);
		this.#issued = new Uint32Array(keys).fill(1);
		this.payload = payload;
	}

	/** A version for an item that the application is about to write. */
	next(id: number): number {
		const version = (this.#issued[id] ?? 1) + 1;
		this.#issued[id] = version;
		return version;
	}

	/** The item has had this version from now on. */
	written(id: number, version: number): void {
		if (version > this.newest(id)) this.#newest[id] = version;
	}

	newest(id: number): number {
		return this.#newest[id] ?? 1;
	}
}
