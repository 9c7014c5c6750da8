interface Size {
	readonly memoryBytes: number | bigint;
	readonly cpuMillis: number;
}

/**
 * What earlier steps of a change will take from hosts, or give back. A forecast of later steps counts with it; nothing is
 * reserved.
 */
export class RoomClaims {
	readonly #claims = new Map<string, { memoryBytes: number; cpuMillis: number }>();

	/** A node of that size will be there. */
	take(hostId: string, size: Size): void {
		this.#add(hostId, size, 1);
	}

	/** A node of that size will be gone. */
	giveBack(hostId: string, size: Size): void {
		this.#add(hostId, size, -1);
	}

	/** Negative if the host will have more room than now. */
	on(hostId: string): { readonly memoryBytes: number; readonly cpuMillis: number } {
		return this.#claims.get(hostId) ?? { memoryBytes: 0, cpuMillis: 0 };
	}

	#add(hostId: string, size: Size, sign: 1 | -1): void {
		const before = this.on(hostId);
		this.#claims.set(hostId, {
			memoryBytes: before.memoryBytes + sign * Number(size.memoryBytes),
			cpuMillis: before.cpuMillis + sign * size.cpuMillis,
		});
	}
}
