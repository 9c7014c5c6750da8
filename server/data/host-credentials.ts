/** Host ids by the hash of their credentials. Only in memory, so that not every call asks the database. */
export class HostCredentials {
	readonly #holders = new Map<string, string>();

	/** Replaces the host's previous credential. */
	set(credentialHash: string, hostId: string): void {
		this.forgetHost(hostId);
		this.#holders.set(credentialHash, hostId);
	}

	/**
	 * The host with this credential; null if it hasn't called since this control plane started, or has another
	 * credential now. In the first case the database knows it.
	 */
	holderOf(credentialHash: string): string | null {
		return this.#holders.get(credentialHash) ?? null;
	}

	forgetHost(hostId: string): void {
		for (const [hash, holder] of this.#holders) if (holder === hostId) this.#holders.delete(hash);
	}
}
